//! Start and stop, with time that does not pass by itself.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;

use super::*;
use crate::component::{BoxFuture, ComponentKey, Dependency, Instance};
use crate::config::Sources;
use crate::error::{Error, Result};
use crate::health::{Health, HealthIndicator, Readiness};
use crate::lifecycle::{Drained, HookPhase, Restart, Server, ServerRole};
use crate::schedule::{Period, TaskDef, TaskOptions, Trigger};
use crate::source::Location;

/// What happened, in order.
#[derive(Clone, Default)]
struct Diary(Arc<Mutex<Vec<String>>>);

impl Diary {
    fn note(&self, line: impl Into<String>) {
        self.0.lock().unwrap().push(line.into());
    }

    fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

struct FakeServer {
    name: &'static str,
    role: ServerRole,
    diary: Diary,
    fails: bool,
    aborted: usize,
}

impl Server for FakeServer {
    fn name(&self) -> &str {
        self.name
    }
    fn role(&self) -> ServerRole {
        self.role
    }
    fn bind<'a>(&'a self, _app: &'a AppContext) -> BoxFuture<'a, Result<Vec<String>>> {
        Box::pin(async {
            self.diary.note(format!("{} binds", self.name));
            if self.fails {
                return Err(Error::internal("the port is in use"));
            }
            Ok(vec![format!("http://{}", self.name)])
        })
    }
    fn prepare_to_drain(&self) {
        self.diary.note(format!("{} will drain", self.name));
    }
    fn drain(&self, _deadline: Instant) -> BoxFuture<'_, Drained> {
        self.diary.note(format!("{} drains", self.name));
        Box::pin(async {
            Drained {
                aborted: self.aborted,
            }
        })
    }
}

fn builder() -> AppBuilder {
    let mut builder = AppBuilder::new(AppInfo::new("test", "1.2.3"));
    builder
        .sources(Sources::empty("/nonexistent"))
        .without_collected_items();
    builder
}

fn server(diary: &Diary, name: &'static str, role: ServerRole) -> FakeServer {
    FakeServer {
        name,
        role,
        diary: diary.clone(),
        fails: false,
        aborted: 0,
    }
}

fn hook(
    builder: &mut AppBuilder,
    diary: &Diary,
    phase: HookPhase,
    line: &'static str,
    needs: Vec<Dependency>,
) {
    let diary = diary.clone();
    builder.hook(phase, line, needs, move |_| {
        let diary = diary.clone();
        async move {
            diary.note(line);
            Ok(())
        }
    });
}

fn component<const N: usize>(builder: &mut AppBuilder, needs: Vec<Dependency>) -> Dependency {
    let key = ComponentKey::of::<[u8; N]>();
    builder.fallback_component(key, needs, |_| {
        Ok(Box::pin(async { Ok(Instance::new([0_u8; N])) }))
    });
    Dependency::required(key)
}

#[tokio::test(start_paused = true)]
async fn start_and_stop_go_step_by_step() {
    let diary = Diary::default();
    let mut app = builder();
    let first = component::<1>(&mut app, vec![]);
    let second = component::<2>(&mut app, vec![first]);
    // Written in the wrong order on purpose: what they need decides.
    hook(
        &mut app,
        &diary,
        HookPhase::Start,
        "start hook of the second",
        vec![second],
    );
    hook(
        &mut app,
        &diary,
        HookPhase::Start,
        "start hook of the first",
        vec![first],
    );
    hook(
        &mut app,
        &diary,
        HookPhase::Stop,
        "stop hook of the first",
        vec![first],
    );
    hook(
        &mut app,
        &diary,
        HookPhase::Stop,
        "stop hook of the second",
        vec![second],
    );
    hook(
        &mut app,
        &diary,
        HookPhase::Close,
        "pools close",
        vec![first],
    );
    hook(
        &mut app,
        &diary,
        HookPhase::Flush,
        "telemetry is flushed",
        vec![],
    );
    app.server(server(&diary, "web", ServerRole::Traffic));
    app.server(server(&diary, "management", ServerRole::Management));

    let running = app.assemble().await.unwrap().start().await.unwrap();
    assert_eq!(
        running.addresses(),
        ["http://web", "http://management (management)"]
    );
    assert_eq!(running.context().readiness().await, Readiness::Ready);
    let context = running.context().clone();
    assert_eq!(running.stop().await, 0);
    assert_eq!(
        context.readiness().await,
        Readiness::NotReady("draining".into())
    );
    assert!(context.shutdown().is_requested());
    assert_eq!(
        diary.lines(),
        [
            "start hook of the first",
            "start hook of the second",
            "management binds",
            "web binds",
            "web will drain",
            "web drains",
            "stop hook of the second",
            "stop hook of the first",
            "pools close",
            "management drains",
            "telemetry is flushed",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn the_drain_delay_is_waited_for_in_production() {
    let mut app = builder();
    app.override_value("lifecycle.drain_delay", "3s");
    let running = app.assemble().await.unwrap().start().await.unwrap();
    let start = Instant::now();
    assert_eq!(running.stop().await, 0);
    assert_eq!(start.elapsed(), Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn aborted_requests_are_in_the_exit_code() {
    let diary = Diary::default();
    let mut app = builder();
    let mut web = server(&diary, "web", ServerRole::Traffic);
    web.aborted = 2;
    app.server(web);
    assert_eq!(
        app.assemble()
            .await
            .unwrap()
            .start()
            .await
            .unwrap()
            .stop()
            .await,
        1
    );
}

#[tokio::test(start_paused = true)]
async fn a_failing_hook_stops_no_other_and_is_in_the_exit_code() {
    let diary = Diary::default();
    let mut app = builder();
    app.hook(HookPhase::Stop, "fails", vec![], |_| async {
        Err(Error::internal("disk full"))
    });
    app.hook(HookPhase::Stop, "panics", vec![], |_| async {
        panic!("oh")
    });
    hook(&mut app, &diary, HookPhase::Stop, "runs", vec![]);
    hook(&mut app, &diary, HookPhase::Close, "closes", vec![]);
    assert_eq!(
        app.assemble()
            .await
            .unwrap()
            .start()
            .await
            .unwrap()
            .stop()
            .await,
        1
    );
    assert_eq!(diary.lines(), ["runs", "closes"]);
}

#[tokio::test(start_paused = true)]
async fn a_hook_that_hangs_is_cut_off() {
    let mut app = builder();
    app.hook(HookPhase::Stop, "hangs", vec![], |_| std::future::pending());
    let running = app.assemble().await.unwrap().start().await.unwrap();
    let start = Instant::now();
    assert_eq!(running.stop().await, 1);
    assert_eq!(start.elapsed(), Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn a_start_that_fails_takes_down_what_was_up() {
    let diary = Diary::default();
    let mut app = builder();
    let first = component::<1>(&mut app, vec![]);
    hook(&mut app, &diary, HookPhase::Stop, "stop hook", vec![]);
    hook(
        &mut app,
        &diary,
        HookPhase::Close,
        "pools close",
        vec![first],
    );
    let mut web = server(&diary, "web", ServerRole::Traffic);
    web.fails = true;
    app.server(web);
    let error = app.assemble().await.unwrap().start().await.unwrap_err();
    assert_eq!(error.to_string(), "the port is in use");
    assert_eq!(diary.lines(), ["web binds", "web drains", "pools close"]);
}

#[tokio::test(start_paused = true)]
async fn a_start_hook_that_fails_ends_the_start_before_the_port_is_bound() {
    let diary = Diary::default();
    let mut app = builder();
    app.hook(HookPhase::Start, "warm", vec![], |_| async {
        Err(Error::internal("cold"))
    });
    app.server(server(&diary, "web", ServerRole::Traffic));
    let error = app.assemble().await.unwrap().start().await.unwrap_err();
    assert!(
        error.to_string().starts_with("#[on_start] `warm` ("),
        "{error}"
    );
    assert!(!diary.lines().contains(&"web binds".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_task_that_the_application_cannot_do_without_stops_it() {
    let running = builder().assemble().await.unwrap().start().await.unwrap();
    running
        .context()
        .spawn("consumer", Restart::FailApp, || async {
            Err(Error::internal("the broker is gone"))
        });
    assert_eq!(running.wait().await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_task_is_restarted_with_growing_pauses_and_its_panics_are_caught() {
    let running = builder().assemble().await.unwrap().start().await.unwrap();
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    running
        .context()
        .spawn("flaky", Restart::OnFailure, move || {
            let run = counted.fetch_add(1, Ordering::SeqCst);
            async move {
                assert!(run.is_multiple_of(2), "every other run panics");
                Err(Error::internal("not yet"))
            }
        });
    // 100 + 200 + 400 ms.
    tokio::time::sleep(Duration::from_millis(750)).await;
    assert_eq!(runs.load(Ordering::SeqCst), 4);
    assert_eq!(running.stop().await, 0);
}

static TICKS: AtomicUsize = AtomicUsize::new(0);

#[tokio::test(start_paused = true)]
async fn a_scheduled_task_keeps_its_rhythm_and_finishes_its_run() {
    let mut app = builder();
    app.task(TaskDef {
        name: "tick",
        trigger: Trigger::Every(Period::Fixed(Duration::from_secs(1))),
        options: TaskOptions::new(),
        location: Location::new("x.rs", 1),
        dependencies: Vec::new,
        call: |_| {
            Ok(Box::pin(async {
                tokio::time::sleep(Duration::from_millis(1500)).await;
                TICKS.fetch_add(1, Ordering::SeqCst);
                Ok(())
            }))
        },
    });
    let running = app.assemble().await.unwrap().start().await.unwrap();
    // Runs begin at 1, 3, 5: the ones at 2 and 4 would overlap and are skipped.
    tokio::time::sleep(Duration::from_millis(5100)).await;
    assert_eq!(TICKS.load(Ordering::SeqCst), 2);
    let state = running.context().task_states().all()["tick"].clone();
    assert_eq!((state.runs, state.failures), (2, 0));
    assert_eq!(running.stop().await, 0);
    assert_eq!(
        TICKS.load(Ordering::SeqCst),
        3,
        "the run that was under way ended"
    );
}

struct Switch(Arc<AtomicUsize>);

impl HealthIndicator for Switch {
    fn name(&self) -> &str {
        "switch"
    }
    fn check(&self) -> BoxFuture<'_, Health> {
        Box::pin(async {
            match self.0.load(Ordering::SeqCst) {
                0 => Health::up(),
                _ => Health::down("off"),
            }
        })
    }
}

#[tokio::test(start_paused = true)]
async fn readiness_follows_a_critical_component() {
    let switch = Arc::new(AtomicUsize::new(0));
    let mut app = builder();
    app.health(Switch(Arc::clone(&switch)));
    let running = app.assemble().await.unwrap().start().await.unwrap();
    assert_eq!(running.context().readiness().await, Readiness::Ready);
    switch.store(1, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(1001)).await;
    assert_eq!(
        running.context().readiness().await,
        Readiness::NotReady("switch is down".into())
    );
    running.stop().await;
}

#[tokio::test]
async fn a_module_says_whether_it_is_active_and_its_errors_carry_its_name() {
    struct Quiet;
    impl Module for Quiet {
        fn name(&self) -> &str {
            "quiet"
        }
        async fn configure(&self, app: &mut AppBuilder) -> Result<()> {
            app.inactive("nothing to do");
            Ok(())
        }
    }
    struct Broken;
    impl Module for Broken {
        fn name(&self) -> &str {
            "broken"
        }
        async fn configure(&self, _app: &mut AppBuilder) -> Result<()> {
            Err(Error::internal("no licence"))
        }
    }
    let mut app = builder();
    app.module(Quiet);
    let assembly = app.assemble().await.unwrap();
    assert_eq!(
        assembly.context().conditions(),
        [Condition {
            module: "quiet".into(),
            active: false,
            reason: "nothing to do".into()
        }]
    );
    let mut app = builder();
    app.module(Broken);
    let error = app.assemble().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "error: the module broken could not be configured: no licence\n"
    );
    assert_eq!(error.exit_code(), 1);
}

#[tokio::test(start_paused = true)]
async fn several_applications_do_not_disturb_each_other() {
    let one = builder().assemble().await.unwrap().start().await.unwrap();
    let two = builder().assemble().await.unwrap().start().await.unwrap();
    assert_eq!(one.stop().await, 0);
    assert_eq!(two.context().readiness().await, Readiness::Ready);
    assert!(!two.context().shutdown().is_requested());
    assert_eq!(two.stop().await, 0);
}

/// The factories finish in another order each time and are declared in another order each time.
#[tokio::test(start_paused = true)]
async fn two_hundred_starts_give_the_same_order() {
    const NAMES: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];
    let mut first: Option<Vec<String>> = None;
    for _ in 0..200 {
        let mut app = builder();
        let mut order: Vec<usize> = (0..NAMES.len()).collect();
        fastrand::shuffle(&mut order);
        for index in order {
            // Each needs the one that stands at half its place: three or four levels.
            let needs = match index / 2 {
                half if half != index => vec![ComponentKey::of::<usize>().named(NAMES[half])],
                _ => Vec::new(),
            };
            let needs = needs.into_iter().map(Dependency::required).collect();
            let key = ComponentKey::of::<usize>().named(NAMES[index]);
            app.fallback_component(key, needs, move |_| {
                Ok(Box::pin(async move {
                    tokio::time::sleep(Duration::from_millis(fastrand::u64(0..50))).await;
                    Ok(Instance::new(index))
                }))
            });
            app.require(key);
        }
        let app = app.assemble().await.unwrap().start().await.unwrap();
        let order: Vec<String> = app
            .context()
            .components()
            .order()
            .iter()
            .map(ToString::to_string)
            .collect();
        app.stop().await;
        assert_eq!(order.len(), NAMES.len());
        assert_eq!(*first.get_or_insert_with(|| order.clone()), order);
    }
}
