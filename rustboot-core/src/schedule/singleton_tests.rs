//! Tasks that run on one replica only, with a store in memory that two applications share, and time that does not pass by itself.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::*;
use crate::app::{AppBuilder, AppInfo, RunningApp};
use crate::component::{BoxFuture, ComponentKey, Instance, Resolver};
use crate::config::Sources;
use crate::error::{Error, Result};
use crate::management::{Call, Reply};
use crate::source::Location;

type Run = fn(&Resolver<'_>) -> Result<BoxFuture<'static, Result<()>>>;

/// Who has the one lease that there is.
#[derive(Default)]
struct Table {
    owner: Mutex<Option<(u64, CancellationToken)>>,
    last: AtomicU64,
    is_down: AtomicBool,
}

#[derive(Clone, Default)]
struct Shared(Arc<Table>);

struct OfTable {
    table: Shared,
    token: u64,
    lost: CancellationToken,
}

impl Shared {
    /// Takes the lease from whoever has it.
    fn loses(&self) {
        let owner = self.0.owner.lock().unwrap().take();
        owner.unwrap().1.cancel();
    }

    fn is_free(&self) -> bool {
        self.0.owner.lock().unwrap().is_none()
    }
}

impl LeaseStore for Shared {
    fn name(&self) -> &'static str {
        "Table"
    }

    fn try_hold<'a>(
        &'a self,
        lease: &'a str,
        holder: &'a str,
        length: Duration,
    ) -> BoxFuture<'a, Result<Attempt>> {
        Box::pin(async move {
            assert_eq!(lease, "scheduled:tick");
            assert!(holder.contains(':'), "{holder}");
            assert_eq!(length, Duration::from_secs(15));
            if self.0.is_down.load(Ordering::SeqCst) {
                return Err(Error::unavailable("the table is gone"));
            }
            let mut owner = self.0.owner.lock().unwrap();
            if owner.is_some() {
                return Ok(Attempt::Taken {
                    by: Some("somebody".to_owned()),
                    ends_in: Some(length),
                });
            }
            let token = self.0.last.fetch_add(1, Ordering::SeqCst) + 1;
            let lost = CancellationToken::new();
            *owner = Some((token, lost.clone()));
            Ok(Attempt::Held(Box::new(OfTable {
                table: self.clone(),
                token,
                lost,
            })))
        })
    }
}

impl HeldLease for OfTable {
    fn token(&self) -> u64 {
        self.token
    }

    fn lost(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.lost.cancelled())
    }

    fn release(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async { Ok(()) })
    }
}

impl Drop for OfTable {
    fn drop(&mut self) {
        let mut owner = self.table.0.owner.lock().unwrap();
        if owner
            .as_ref()
            .is_some_and(|(token, _)| *token == self.token)
        {
            *owner = None;
        }
    }
}

fn builder(table: Option<&Shared>, options: TaskOptions, call: Run) -> AppBuilder {
    let mut app = AppBuilder::new(AppInfo::new("test", "1.2.3"));
    app.sources(Sources::empty("/nonexistent"))
        .without_collected_items();
    if let Some(table) = table {
        let table = table.clone();
        app.fallback_component(ComponentKey::of::<Leases>(), Vec::new(), move |_| {
            let leases = Leases::new(table.clone());
            Ok(Box::pin(async move { Ok(Instance::new(leases)) }))
        });
    }
    app.task(TaskDef {
        name: "tick",
        trigger: Trigger::Every(Period::Fixed(Duration::from_secs(1))),
        options,
        location: Location::new("src/main.rs", 7),
        dependencies: Vec::new,
        call,
    });
    app
}

async fn start(table: &Shared, call: Run) -> RunningApp {
    let app = builder(Some(table), TaskOptions::new().singleton(), call);
    app.assemble().await.unwrap().start().await.unwrap()
}

fn state(app: &RunningApp) -> TaskState {
    app.context().task_states().all()["tick"].clone()
}

fn leads(app: &RunningApp) -> bool {
    state(app).singleton.unwrap().leads
}

/// What `/tasks` says of it.
async fn shown(app: &RunningApp) -> serde_json::Value {
    let endpoints = app.context().endpoints();
    let endpoint = endpoints.iter().find(|e| e.path == "/tasks").unwrap();
    let call = Call {
        app: app.context().clone(),
        parameter: None,
        show_details: true,
        headers: Vec::new(),
        body: Vec::new(),
    };
    let Reply::Body(body) = endpoint.call(call).await else {
        panic!("no body")
    };
    let body: serde_json::Value = serde_json::from_slice(&body.body).unwrap();
    body["tasks"][0]["singleton"].clone()
}

async fn pass(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}

fn nothing(_: &Resolver<'_>) -> Result<BoxFuture<'static, Result<()>>> {
    Ok(Box::pin(async { Ok(()) }))
}

#[tokio::test(start_paused = true)]
async fn one_of_two_runs_it_until_it_stops_and_then_the_other() {
    let table = Shared::default();
    let one = start(&table, nothing).await;
    pass(100).await;
    let other = start(&table, nothing).await;
    pass(10_000).await;
    assert!(leads(&one) && !leads(&other));
    assert!(state(&one).runs >= 9, "{:?}", state(&one));
    let followed = state(&other);
    assert_eq!((followed.runs, followed.skipped), (0, 0));
    let singleton = followed.singleton.unwrap();
    assert_eq!(singleton.store, "Table");
    assert_eq!(singleton.leader.as_deref(), Some("somebody"));
    assert!(followed.next_run.is_some());

    let shown = shown(&one).await;
    assert_eq!(shown["store"], "Table");
    assert_eq!(shown["leads"], true);
    let process = std::process::id().to_string();
    assert!(shown["leader"].as_str().unwrap().ends_with(&process));

    assert_eq!(one.stop().await, 0);
    // Within the longest look, and the next of its own seconds.
    pass(3_500).await;
    assert!(leads(&other));
    assert!(state(&other).runs >= 1);
    assert_eq!(other.stop().await, 0);
    assert!(table.is_free());
}

#[tokio::test(start_paused = true)]
async fn the_lease_is_given_back_when_the_run_under_way_has_ended() {
    static ENDED: AtomicUsize = AtomicUsize::new(0);
    let table = Shared::default();
    let app = start(&table, |_| {
        Ok(Box::pin(async {
            pass(5_000).await;
            ENDED.fetch_add(1, Ordering::SeqCst);
            Ok(())
        }))
    })
    .await;
    pass(1_500).await;
    assert_eq!(state(&app).running, 1);
    let (code, ()) = tokio::join!(app.stop(), async {
        pass(2_000).await;
        assert!(!table.is_free(), "a run is under way");
    });
    assert_eq!(code, 0);
    assert!(table.is_free());
    assert_eq!(ENDED.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_run_is_cut_off_when_the_lease_is_lost_and_others_begin_with_a_larger_token() {
    static BEGAN: Mutex<Vec<u64>> = Mutex::new(Vec::new());
    static ENDED: AtomicUsize = AtomicUsize::new(0);
    let table = Shared::default();
    let app = start(&table, |_| {
        Ok(Box::pin(async {
            BEGAN.lock().unwrap().push(fencing_token().unwrap());
            pass(60_000).await;
            ENDED.fetch_add(1, Ordering::SeqCst);
            Ok(())
        }))
    })
    .await;
    pass(1_500).await;
    assert_eq!(state(&app).running, 1);
    table.loses();
    pass(1).await;
    let cut = state(&app);
    assert_eq!((cut.running, cut.failures), (0, 1));
    let error = cut.last_error.unwrap();
    assert!(error.contains("the lease is lost"), "{error}");
    // It has it again, and runs it again.
    pass(5_000).await;
    assert!(leads(&app));
    assert_eq!(*BEGAN.lock().unwrap(), [1, 2]);
    assert_eq!(ENDED.load(Ordering::SeqCst), 0);
    assert_eq!(fencing_token(), None);
    table.loses();
    assert_eq!(app.stop().await, 0);
}

#[tokio::test(start_paused = true)]
async fn without_an_answer_of_the_store_it_does_not_run() {
    let table = Shared::default();
    table.0.is_down.store(true, Ordering::SeqCst);
    let app = start(&table, nothing).await;
    pass(10_000).await;
    assert!(!leads(&app));
    assert_eq!(state(&app).runs, 0);
    table.0.is_down.store(false, Ordering::SeqCst);
    pass(5_000).await;
    assert!(leads(&app));
    assert!(state(&app).runs >= 1);
    assert_eq!(app.stop().await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_first_run_that_is_due_at_once_is_not_missed() {
    let table = Shared::default();
    let options = TaskOptions::new()
        .singleton()
        .initial_delay(Period::Fixed(Duration::ZERO));
    let app = builder(Some(&table), options, nothing);
    let app = app.assemble().await.unwrap().start().await.unwrap();
    pass(10).await;
    assert_eq!(state(&app).runs, 1);
    assert_eq!(app.stop().await, 0);
}

#[tokio::test(start_paused = true)]
async fn without_a_store_it_runs_here_and_the_conditions_say_so() {
    let app = builder(None, TaskOptions::new().singleton(), |_| {
        assert_eq!(fencing_token(), None, "not a run yet");
        Ok(Box::pin(async {
            assert!(fencing_token().is_some());
            Ok(())
        }))
    });
    let app = app.assemble().await.unwrap().start().await.unwrap();
    pass(1_500).await;
    let state = state(&app);
    assert_eq!((state.runs, state.failures), (1, 0));
    let singleton = state.singleton.unwrap();
    assert_eq!((singleton.store, singleton.leads), ("memory", true));
    let conditions = app.context().conditions();
    let said = conditions
        .iter()
        .find(|condition| condition.module == "schedule");
    let reason = &said.unwrap().reason;
    assert!(reason.starts_with("tick: in this process"), "{reason}");
    assert_eq!(app.stop().await, 0);

    let plain = builder(None, TaskOptions::new(), nothing);
    let plain = plain.assemble().await.unwrap().start().await.unwrap();
    assert!(plain.context().conditions().is_empty());
    pass(1_500).await;
    assert_eq!(self::state(&plain).singleton, None);
    assert_eq!(plain.stop().await, 0);
}
