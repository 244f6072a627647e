//! What `#[rustboot::test]` expands to: a runtime, the application, the body, the stop, and what all of that says of the test.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use futures_util::FutureExt as _;
use rustboot_observe::Capture;
use tokio::runtime::{Builder, Runtime};

use crate::app::TestApp;
use crate::builder::TestAppBuilder;
use crate::declared::{Facade, TestDef};
use crate::verdict::Verdict;

/// How long a test may take, if it does not say.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// How long threads that block may keep a test from ending, once everything else is over.
const LAST_THREADS: Duration = Duration::from_secs(1);

/// What a test function takes.
#[diagnostic::on_unimplemented(
    message = "a test cannot take `{Self}`",
    label = "take `TestApp`, or `TestAppBuilder` to start the application by hand"
)]
pub trait TestArgument: Sized {
    /// Makes it.
    fn of(builder: TestAppBuilder) -> impl Future<Output = Self>;
}

impl TestArgument for TestApp {
    async fn of(builder: TestAppBuilder) -> Self {
        builder.start().await
    }
}

impl TestArgument for TestAppBuilder {
    async fn of(builder: TestAppBuilder) -> Self {
        builder
    }
}

/// Runs a test: starts the application with those options, runs the body on it, and stops whatever was started.
///
/// # Panics
/// When the test fails: the application does not start, the body panics, returns an error or takes too long, or the stop
/// has to cut something off.
pub fn run<A, F, Fut>(
    def: TestDef,
    facade: Facade,
    options: fn(TestAppBuilder) -> TestAppBuilder,
    body: F,
) where
    A: TestArgument,
    F: FnOnce(A) -> Fut,
    Fut: Future<Output: Verdict>,
{
    let capture = Capture::new();
    let entered = capture.enter();
    let builder = options(TestAppBuilder::new(def, facade, capture.clone()));
    let limit = builder.limit;
    let apps = Arc::clone(&builder.apps);
    let runtime = runtime(builder.paused, &capture);
    let failures = runtime.block_on(async {
        let test = AssertUnwindSafe(async { body(A::of(builder).await).await }).catch_unwind();
        let outcome = tokio::select! {
            outcome = test => outcome.map_err(Failure::Panic),
            () = real_time(limit) => Err(Failure::TooLong(limit)),
        };
        let mut failures: Vec<Failure> = Vec::new();
        match outcome {
            Ok(verdict) => failures.extend(verdict.failure().map(Failure::Returned)),
            Err(failure) => failures.push(failure),
        }
        let stops = apps.stop_all().await;
        failures.extend(stops.into_iter().map(Failure::Stop));
        failures
    });
    runtime.shutdown_timeout(LAST_THREADS);
    drop(entered);
    report(failures);
}

/// Several threads, as in production; one where time stands still, since tokio can stop it only there.
fn runtime(paused: bool, capture: &Capture) -> Runtime {
    let mut builder = match paused {
        true => Builder::new_current_thread(),
        false => Builder::new_multi_thread(),
    };
    let capture = capture.clone();
    let runtime = builder
        .worker_threads(2)
        .enable_all()
        .on_thread_start(move || capture.enter_for_good())
        .build();
    match runtime {
        Ok(runtime) => runtime,
        Err(error) => panic!("the runtime of the test could not be started: {error}"),
    }
}

/// Over when that much time has passed, whether or not tokio's clock stands still.
pub(crate) async fn real_time(limit: Duration) {
    let (over, wait) = tokio::sync::oneshot::channel();
    // Dropping this end ends the thread.
    let (_alive, gone) = mpsc::channel::<()>();
    std::thread::spawn(move || {
        if gone.recv_timeout(limit) == Err(mpsc::RecvTimeoutError::Timeout) {
            // Nobody is there when the test ended at this very moment.
            let _late = over.send(());
        }
    });
    if wait.await.is_err() {
        std::future::pending::<()>().await;
    }
}

enum Failure {
    Panic(Box<dyn Any + Send>),
    Returned(String),
    TooLong(Duration),
    Stop(String),
}

/// A panic of the body has said what it has to say, and goes on.
fn report(failures: Vec<Failure>) {
    let mut texts = Vec::new();
    let mut panicked = None;
    for failure in failures {
        match failure {
            Failure::Panic(payload) => panicked = Some(payload),
            Failure::Returned(error) => texts.push(format!("the test returned an error: {error}")),
            Failure::TooLong(limit) => texts.push(format!(
                "the test took longer than {limit:?}: let it wait for less, or write #[rustboot::test(timeout = \"5m\")]; \
                 with paused time, a sleep ends only when the test calls `app.advance(…)`"
            )),
            Failure::Stop(text) => texts.push(text),
        }
    }
    match panicked {
        Some(payload) => std::panic::resume_unwind(payload),
        None if texts.is_empty() => {}
        None => panic!("{}", texts.join("\n")),
    }
}
