//! A running application, as a test sees it.

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use http::Method;
use rustboot_core::app::RunningApp;
use rustboot_core::config::Properties;
use rustboot_core::{AppContext, Config};
use rustboot_observe::Capture;

use crate::client::{Target, TestRequest};
use crate::clock::Clock;
use crate::logs::Logs;
use crate::metrics::Metrics;
use crate::services::Services;

/// Between looks of [`TestApp::wait_until`].
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// How long [`TestApp::wait_until`] waits.
const PATIENCE: Duration = Duration::from_secs(10);

/// An application that runs for a test, and is stopped at its end. Cloning copies a pointer.
///
/// ```ignore
/// #[rustboot::test]
/// async fn an_item_is_found(app: TestApp) {
///     app.component::<Catalog>().add("pen").await?;
///     app.get("/items/1").await.assert_status(200).assert_json(json!({"name": "pen"}));
/// }
/// ```
#[derive(Clone)]
pub struct TestApp(Arc<Inner>);

struct Inner {
    context: AppContext,
    /// None once it was stopped.
    running: Mutex<Option<RunningApp>>,
    main: Option<Target>,
    management: Option<Target>,
    capture: Capture,
    services: Arc<Services>,
    clock: Arc<Clock>,
}

impl TestApp {
    pub(crate) fn new(
        running: RunningApp,
        capture: Capture,
        services: Arc<Services>,
        clock: Arc<Clock>,
    ) -> Self {
        let of = |management: bool| {
            let addresses = running.addresses().iter();
            let mut split = addresses.map(|address| match address.split_once(' ') {
                Some((url, _)) => (url, true),
                None => (address.as_str(), false),
            });
            split
                .find(|(_, is_management)| *is_management == management)
                .map(|(url, _)| Target::new(url))
        };
        Self(Arc::new(Inner {
            context: running.context().clone(),
            main: of(false),
            management: of(true),
            running: Mutex::new(Some(running)),
            capture,
            services,
            clock,
        }))
    }

    /// `http://127.0.0.1:23456`, for a client of your own.
    ///
    /// # Panics
    /// When the application listens nowhere: the feature `web` is off.
    pub fn base_url(&self) -> &str {
        self.main().url()
    }

    /// A `GET` request; await it for the answer.
    #[track_caller]
    pub fn get(&self, path: &str) -> TestRequest {
        self.request(Method::GET, path)
    }

    /// A `POST` request.
    #[track_caller]
    pub fn post(&self, path: &str) -> TestRequest {
        self.request(Method::POST, path)
    }

    /// A `PUT` request.
    #[track_caller]
    pub fn put(&self, path: &str) -> TestRequest {
        self.request(Method::PUT, path)
    }

    /// A `PATCH` request.
    #[track_caller]
    pub fn patch(&self, path: &str) -> TestRequest {
        self.request(Method::PATCH, path)
    }

    /// A `DELETE` request.
    #[track_caller]
    pub fn delete(&self, path: &str) -> TestRequest {
        self.request(Method::DELETE, path)
    }

    /// A request of any method, to the main listener.
    #[track_caller]
    pub fn request(&self, method: Method, path: &str) -> TestRequest {
        TestRequest::new(self.main().clone(), method, path)
    }

    /// A `GET` request to the management endpoints: to `management.port` when that is set, else to the main listener.
    #[track_caller]
    pub fn management(&self, path: &str) -> TestRequest {
        let target = self.0.management.as_ref().unwrap_or_else(|| self.main());
        TestRequest::new(target.clone(), Method::GET, path)
    }

    /// A component by its type, which may be a `dyn Trait`.
    ///
    /// # Panics
    /// When there is none, or it was not built because nothing needs it.
    #[track_caller]
    pub fn component<T: ?Sized + Send + Sync + 'static>(&self) -> Arc<T> {
        self.find(None)
    }

    /// A component by its type and name.
    ///
    /// # Panics
    /// When there is none, or it was not built because nothing needs it.
    #[track_caller]
    pub fn named<T: ?Sized + Send + Sync + 'static>(&self, name: &str) -> Arc<T> {
        self.find(Some(name))
    }

    #[track_caller]
    fn find<T: ?Sized + Send + Sync + 'static>(&self, name: Option<&str>) -> Arc<T> {
        if let Some(component) = self.0.context.components().get(name) {
            return component;
        }
        let named = name.map_or(String::new(), |name| format!(" named {name:?}"));
        let all = self.0.context.components().order().iter();
        let all: Vec<String> = all.map(ToString::to_string).collect();
        panic!(
            "no component `{}`{named} was built; there are: {}",
            std::any::type_name::<T>(),
            all.join(", ")
        )
    }

    /// A section of the configuration.
    ///
    /// # Panics
    /// When nothing binds it.
    #[track_caller]
    pub fn config<T: Properties>(&self) -> Config<T> {
        match self.0.context.config() {
            Some(config) => config,
            None => panic!("nothing binds [{}]", T::PREFIX),
        }
    }

    /// The application as its parts see it.
    pub fn context(&self) -> &AppContext {
        &self.0.context
    }

    /// What the applications of this test have logged so far: events, records of the `log` crate, access lines and panics
    /// that pass `log.level` (`RUST_LOG`), of every thread of the test's runtime. What a thread logs that a library started
    /// by itself is missing. Tests beside this one have logs of their own.
    pub fn logs(&self) -> Logs {
        Logs::of(&self.0.capture)
    }

    /// The metrics of the applications of this test as they are now. Tests beside this one have metrics of their own, but for
    /// `process_*` and the figures of pools that they share.
    pub fn metrics(&self) -> Metrics {
        Metrics::of(&self.0.capture.metrics_text())
    }

    /// Moves the clock of a test with `start_paused = true`. It stands still otherwise: a sleep, a timeout or a scheduled task
    /// of the application is due only after this. Time moves in steps of a second (of a 3,600th when it is more than an
    /// hour), and what becomes due in each runs before the next. Real I/O takes real time, which no timeout of the application then notices.
    ///
    /// # Panics
    /// When the test does not have `start_paused = true`.
    #[track_caller]
    pub fn advance(&self, by: Duration) -> impl Future<Output = ()> {
        self.0.clock.advance(by)
    }

    /// Waits until something is true, looking every 5 ms: for what the application does behind an answer.
    ///
    /// # Panics
    /// When it is not within 10 s of real time.
    #[track_caller]
    pub fn wait_until<F, Fut>(&self, what: &str, mut is_true: F) -> impl Future<Output = ()>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = bool>,
    {
        let place = std::panic::Location::caller();
        let what = what.to_owned();
        async move {
            let began = std::time::Instant::now();
            while !is_true().await {
                assert!(
                    began.elapsed() < PATIENCE,
                    "not within {PATIENCE:?}: {what} ({place})"
                );
                crate::run::real_time(LOOK_AGAIN).await;
            }
        }
    }

    /// Stops the application now, as SIGTERM does, and returns the exit code: 0 when nothing was cut off. The end of the
    /// test then has nothing to say about it.
    ///
    /// # Panics
    /// When it was stopped before.
    pub async fn stop(&self) -> u8 {
        match self.stop_once().await {
            Some(code) => code,
            None => panic!("the application was stopped before"),
        }
    }

    async fn stop_once(&self) -> Option<u8> {
        let running = self
            .0
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()?;
        // The limits of the stop are in real time.
        self.0.clock.resume();
        Some(running.stop().await)
    }

    pub(crate) fn services(&self) -> Arc<Services> {
        Arc::clone(&self.0.services)
    }

    #[track_caller]
    fn main(&self) -> &Target {
        match &self.0.main {
            Some(target) => target,
            None => panic!("the application listens nowhere: the feature `web` of rustboot is off"),
        }
    }
}

impl fmt::Debug for TestApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestApp")
            .field("app", &self.0.context)
            .field("at", &self.0.main)
            .finish_non_exhaustive()
    }
}

/// The applications of a test, and what was made for them.
#[derive(Debug, Default)]
pub(crate) struct Apps {
    running: Mutex<Vec<TestApp>>,
    /// Of those that did not start as well.
    lent: Mutex<Vec<Arc<Services>>>,
    clock: OnceLock<Arc<Clock>>,
}

impl Apps {
    pub(crate) fn add(&self, app: &TestApp) {
        self.lock().push(app.clone());
    }

    /// What an application has, or several. To be called before anything of it is made.
    pub(crate) fn lends(&self, services: &Arc<Services>) {
        let mut lent = self.lent.lock().unwrap_or_else(PoisonError::into_inner);
        if !lent.iter().any(|other| Arc::ptr_eq(other, services)) {
            lent.push(Arc::clone(services));
        }
    }

    /// The clock that they have in common. It stands still as soon as the first of them is there.
    pub(crate) fn clock(&self, stopped: bool) -> Arc<Clock> {
        let clock = self.clock.get_or_init(|| {
            Arc::new(match stopped {
                true => Clock::stopped(),
                false => Clock::real(),
            })
        });
        Arc::clone(clock)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<TestApp>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stops those that still run, the last one first, and gives back what they had, and what those had that never ran. Returns
    /// what went wrong.
    pub(crate) async fn stop_all(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut apps = std::mem::take(&mut *self.lock());
        while let Some(app) = apps.pop() {
            if let Some(code @ 1..) = app.stop_once().await {
                let logs = app.logs().message("stopped");
                wrong.push(format!(
                    "the stop of the application had to cut something off, or a hook failed (exit code {code}):\n{logs}"
                ));
            }
        }
        // After all of them: several may have the same.
        let lent = std::mem::take(&mut *self.lent.lock().unwrap_or_else(PoisonError::into_inner));
        for services in lent {
            wrong.extend(services.give_back().await);
        }
        wrong
    }
}
