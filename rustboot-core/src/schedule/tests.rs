//! Scheduled tasks from definition to run, with time that does not pass by itself.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::*;
use crate::app::{AppBuilder, AppInfo, RunningApp, StartError};
use crate::component::{BoxFuture, Resolver};
use crate::config::{Arguments, Sources};
use crate::error::{Error, Result};
use crate::management::{Call, Reply};
use crate::source::Location;

type Run = fn(&Resolver<'_>) -> Result<BoxFuture<'static, Result<()>>>;

const SECOND: Period = Period::Fixed(Duration::from_secs(1));

fn nothing(_: &Resolver<'_>) -> Result<BoxFuture<'static, Result<()>>> {
    Ok(Box::pin(async { Ok(()) }))
}

fn def(name: &'static str, trigger: Trigger, options: TaskOptions, call: Run) -> TaskDef {
    TaskDef {
        name,
        trigger,
        options,
        location: Location::new("src/main.rs", 7),
        dependencies: Vec::new,
        call,
    }
}

fn builder(arguments: &[&str], tasks: &[TaskDef]) -> AppBuilder {
    let mut app = AppBuilder::new(AppInfo::new("test", "1.2.3"));
    let mut sources = Sources::empty("/nonexistent");
    sources.arguments = Arguments::parse(arguments.iter().copied());
    app.sources(sources).without_collected_items();
    for task in tasks {
        app.task(*task);
    }
    app
}

async fn start(arguments: &[&str], tasks: &[TaskDef]) -> RunningApp {
    let assembly = builder(arguments, tasks).assemble().await.unwrap();
    assembly.start().await.unwrap()
}

async fn report(arguments: &[&str], tasks: &[TaskDef]) -> String {
    match builder(arguments, tasks).assemble().await {
        Err(StartError::Report(report)) => report.to_string(),
        other => panic!("{other:?}"),
    }
}

fn state(app: &RunningApp, name: &str) -> TaskState {
    app.context().task_states().all()[name].clone()
}

async fn pass(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}

/// A run that takes a second and a half, and fails when more than that many are under way.
macro_rules! slow {
    ($most:literal) => {
        |_| {
            static RUNNING: AtomicUsize = AtomicUsize::new(0);
            Ok(Box::pin(async {
                assert!(RUNNING.fetch_add(1, Ordering::SeqCst) < $most);
                pass(1500).await;
                RUNNING.fetch_sub(1, Ordering::SeqCst);
                Ok(())
            }))
        }
    };
}

#[tokio::test(start_paused = true)]
async fn runs_that_would_overlap_are_skipped_and_counted() {
    let task = def("skip", Trigger::Every(SECOND), TaskOptions::new(), slow!(1));
    let app = start(&[], &[task]).await;
    // At 1, 3 and 5; not at 2, 4 and 6.
    pass(6100).await;
    let state = state(&app, "skip");
    assert_eq!((state.runs, state.running, state.skipped), (2, 1, 3));
    assert_eq!(state.trigger, "every 1s");
    assert!(state.enabled);
    let until_next = state.next_run.unwrap().duration_since(clock::now());
    assert!(
        (until_next.as_secs_f64() - 0.9).abs() < 0.05,
        "{until_next:?}"
    );
    assert_eq!(app.stop().await, 0);
}

#[tokio::test(start_paused = true)]
async fn one_run_waits_for_the_other() {
    let options = TaskOptions::new().overlap(Overlap::Queue);
    let task = def("queue", Trigger::Every(SECOND), options, slow!(1));
    let app = start(&[], &[task]).await;
    // One begins at 1; that of 2 waits until 2.5; that of 3 waits then.
    pass(3900).await;
    let state = state(&app, "queue");
    assert_eq!((state.runs, state.running, state.skipped), (1, 1, 0));
    // They begin without a pause from now on, at 4, 5.5 and 7, and more are due than can wait.
    pass(4000).await;
    let state = self::state(&app, "queue");
    assert_eq!((state.runs, state.running), (4, 1));
    assert!((1..=2).contains(&state.skipped), "{state:?}");
    assert_eq!(
        app.stop().await,
        0,
        "the run under way ended; the one that waited never began"
    );
}

#[tokio::test(start_paused = true)]
async fn runs_side_by_side_up_to_a_number() {
    let half = Period::Fixed(Duration::from_millis(500));
    let options = TaskOptions::new().overlap(Overlap::Allow { max_concurrent: 2 });
    let task = def("allow", Trigger::Every(half), options, slow!(2));
    let app = start(&[], &[task]).await;
    // Begin at 0.5 and 1; the one at 1.5 has no place.
    pass(1600).await;
    let state = state(&app, "allow");
    assert_eq!((state.runs, state.running, state.skipped), (0, 2, 1));
    assert_eq!(app.stop().await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_pause_is_counted_from_the_end() {
    let task = def(
        "delay",
        Trigger::Delay(SECOND),
        TaskOptions::new(),
        slow!(1),
    );
    let app = start(&[], &[task]).await;
    // 1 to 2.5, 3.5 to 5, 6 to 7.5.
    pass(6100).await;
    let state = state(&app, "delay");
    assert_eq!((state.runs, state.running, state.skipped), (2, 1, 0));
    assert_eq!(state.next_run, None, "nobody knows when this one ends");
    assert_eq!(app.stop().await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_takes_too_long_is_cut_off() {
    let options = TaskOptions::new()
        .initial_delay(Period::Fixed(Duration::ZERO))
        .timeout(Period::Fixed(Duration::from_millis(300)));
    let task = def("timeout", Trigger::Every(SECOND), options, slow!(1));
    let app = start(&[], &[task]).await;
    pass(500).await;
    let state = state(&app, "timeout");
    assert_eq!((state.runs, state.failures, state.running), (1, 1, 0));
    assert_eq!(state.last_duration, Some(Duration::from_millis(300)));
    assert_eq!(
        state.last_error.as_deref(),
        Some("it was cut off after its timeout of 300ms")
    );
    app.stop().await;
}

#[tokio::test(start_paused = true)]
async fn jitter_delays_runs_and_keeps_the_rhythm() {
    let options = TaskOptions::new().jitter(Period::Fixed(Duration::from_millis(900)));
    let task = def("jitter", Trigger::Every(SECOND), options, nothing);
    let app = start(&[], &[task]).await;
    pass(100_950).await;
    let state = state(&app, "jitter");
    // Drifting by half a jitter each time would make less than 70 of it.
    assert!((99..=100).contains(&state.runs), "{state:?}");
    assert_eq!(state.skipped, 0);
    app.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_run_that_panics_or_fails_is_counted_and_the_next_one_comes() {
    let task = def("flaky", Trigger::Every(SECOND), TaskOptions::new(), |_| {
        static RUNS: AtomicUsize = AtomicUsize::new(0);
        Ok(Box::pin(async {
            let run = RUNS.fetch_add(1, Ordering::SeqCst);
            assert_ne!(run, 0, "the first one panics");
            Err(Error::internal("no luck"))
        }))
    });
    let app = start(&[], &[task]).await;
    pass(1100).await;
    assert_eq!(
        state(&app, "flaky").last_error.as_deref(),
        Some("it panicked")
    );
    pass(1000).await;
    let state = state(&app, "flaky");
    assert_eq!((state.runs, state.failures, state.running), (2, 2, 0));
    assert_eq!(state.last_error.as_deref(), Some("no luck"));
    app.stop().await;
}

#[tokio::test(start_paused = true)]
async fn the_endpoint_shows_all_of_it() {
    let task = def("tick", Trigger::Every(SECOND), TaskOptions::new(), |_| {
        Ok(Box::pin(async { Err(Error::internal("no luck")) }))
    });
    let app = start(&[], &[task]).await;
    pass(1100).await;
    let endpoints = app.context().endpoints();
    let endpoint = endpoints.iter().find(|e| e.path == "/tasks").unwrap();
    let reply = endpoint
        .call(Call {
            app: app.context().clone(),
            parameter: None,
            show_details: true,
            body: Vec::new(),
            headers: Vec::new(),
        })
        .await;
    let Reply::Body(body) = reply else {
        panic!("{reply:?}")
    };
    let body: serde_json::Value = serde_json::from_slice(&body.body).unwrap();
    let tick = &body["tasks"][0];
    assert_eq!(tick["name"], "tick");
    assert_eq!(tick["trigger"], "every 1s");
    assert_eq!(tick["enabled"], true);
    assert_eq!(
        (
            &tick["runs"],
            &tick["failures"],
            &tick["skipped"],
            &tick["running"]
        ),
        (&1.into(), &1.into(), &0.into(), &0.into())
    );
    assert_eq!(tick["last_error"], "no luck");
    for time in ["last_run", "next_run"] {
        let text = tick[time].as_str().unwrap();
        assert!(text.parse::<jiff::Timestamp>().is_ok(), "{text}");
    }
    app.stop().await;
}

#[tokio::test(start_paused = true)]
async fn the_configuration_decides() {
    let tasks = [
        def(
            "set",
            Trigger::Every(Period::Configured("${cleanup.every}")),
            TaskOptions::new().enabled("${cleanup.enabled:-true}"),
            nothing,
        ),
        def(
            "default",
            Trigger::Delay(Period::Configured("${cleanup.pause:-1m30s}")),
            TaskOptions::new(),
            nothing,
        ),
        def(
            "off",
            Trigger::Every(SECOND),
            TaskOptions::new().enabled("${cleanup.other}"),
            nothing,
        ),
    ];
    let arguments = ["--cleanup.every=2s", "--cleanup.other=false"];
    let assembly = builder(&arguments, &tasks).assemble().await.unwrap();
    assert_eq!(assembly.warnings(), [""; 0], "the keys are known");
    let app = assembly.start().await.unwrap();
    assert_eq!(state(&app, "set").trigger, "every 2s");
    assert_eq!(state(&app, "default").trigger, "90s after the last");
    pass(5000).await;
    assert_eq!(state(&app, "set").runs, 2);
    let off = state(&app, "off");
    assert_eq!((off.enabled, off.runs, off.next_run), (false, 0, None));
    app.stop().await;
}

#[tokio::test]
async fn a_key_that_only_a_task_reads_is_known_even_in_a_section_of_others() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("config")).unwrap();
    let file = dir.path().join("config/app.toml");
    std::fs::write(&file, "[health]\nsweep = \"5m\"\n").unwrap();
    let every = Trigger::Every(Period::Configured("${health.sweep}"));
    let mut app = builder(&[], &[def("sweep", every, TaskOptions::new(), nothing)]);
    app.sources(Sources::empty(dir.path()));
    let app = app.assemble().await.unwrap().start().await.unwrap();
    assert_eq!(state(&app, "sweep").trigger, "every 300s");

    std::fs::write(&file, "[health]\nsweep = \"6m\"\n").unwrap();
    app.context().reload_config().await.unwrap();
    assert_eq!(
        state(&app, "sweep").trigger,
        "every 300s",
        "read at the start"
    );
    app.stop().await;
}

#[tokio::test]
async fn what_the_configuration_has_wrong_is_in_the_report() {
    let configured = |text| Trigger::Every(Period::Configured(text));
    let options = TaskOptions::new();
    let report = report(
        &[
            "--a.every=soon",
            "--a.zero=0s",
            "--a.switch=maybe",
            "--a.token=canary",
        ],
        &[
            def(
                "one",
                configured("${a.every}"),
                options.enabled("${a.switch}"),
                nothing,
            ),
            def("two", configured("${a.zero}"), options, nothing),
            def("three", configured("${a.missing}"), options, nothing),
            def("four", configured("${a.token}"), options, nothing),
            def(
                "five",
                Trigger::Every(SECOND),
                options.jitter(SECOND),
                nothing,
            ),
        ],
    )
    .await;
    for expected in [
        "a.every: expected a duration with its unit, such as 250ms, 30s, 5m or 1h30m, found \"soon\"\n     set by the argument --a.every\n     needed by #[scheduled] `one` (src/main.rs:7)",
        "a.switch: expected true or false, found \"maybe\"",
        "a.zero: a task cannot run all the time",
        "a.missing: required, and not set\n     needed by #[scheduled] `three` (src/main.rs:7)\n     help: set APP_A__MISSING",
        "found a value that is not shown here",
        "#[scheduled] `five`: its jitter (1s) has to be shorter than its period (1s)\n     written at src/main.rs:7",
    ] {
        assert!(report.contains(expected), "{expected}\n{report}");
    }
    assert!(!report.contains("canary"));
}

#[tokio::test]
async fn two_tasks_of_one_name_are_a_problem() {
    let task = def("tick", Trigger::Every(SECOND), TaskOptions::new(), nothing);
    let mut other = task;
    other.location = Location::new("src/billing.rs", 3);
    let report = report(&[], &[task, other]).await;
    let expected = "#[scheduled] `tick`: there are 2 of this name\n     written at src/billing.rs:3\n     written at src/main.rs:7\n     help: give all but one a name: #[scheduled(name = \"…\", …)]";
    assert!(report.contains(expected), "{report}");
}

#[cfg(feature = "cron")]
mod by_the_clock {
    use super::*;

    const fn cron(expression: &'static str, zone: &'static str) -> Trigger {
        Trigger::Cron { expression, zone }
    }

    #[tokio::test(start_paused = true)]
    async fn it_runs_when_the_clock_says() {
        let often = def(
            "often",
            cron("*/10 * * * * *", "UTC"),
            TaskOptions::new(),
            nothing,
        );
        let daily = def(
            "daily",
            cron("0 3 * * *", "Europe/Berlin"),
            TaskOptions::new(),
            nothing,
        );
        let app = start(&[], &[often, daily]).await;
        pass(60_000).await;
        let minute = state(&app, "often");
        assert!((5..=7).contains(&minute.runs), "{minute:?}");
        assert_eq!(minute.skipped, 0);
        pass(3 * 86_400_000 - 60_000).await;
        let days = state(&app, "daily");
        assert_eq!(days.trigger, "cron 0 3 * * * (Europe/Berlin)");
        assert_eq!((days.runs, days.skipped), (3, 0), "{days:?}");
        let last = days.last_run.unwrap().in_tz("Europe/Berlin").unwrap();
        assert_eq!((last.hour(), last.minute(), last.second()), (3, 0, 0));
        let next = days.next_run.unwrap().in_tz("Europe/Berlin").unwrap();
        assert_eq!((next.hour(), next.minute()), (3, 0));
        app.stop().await;
    }

    #[tokio::test(start_paused = true)]
    async fn runs_by_the_clock_that_would_overlap_are_skipped() {
        let task = def(
            "slow",
            cron("* * * * * *", "UTC"),
            TaskOptions::new(),
            slow!(1),
        );
        let app = start(&[], &[task]).await;
        pass(20_500).await;
        let state = state(&app, "slow");
        assert!((9..=10).contains(&state.runs), "{state:?}");
        assert!((9..=11).contains(&state.skipped), "{state:?}");
        app.stop().await;
    }

    #[tokio::test]
    async fn what_is_wrong_is_said_before_anything_starts() {
        let options = TaskOptions::new();
        let report = report(
            &["--cleanup.cron=99 3 * * *"],
            &[
                def(
                    "set",
                    cron("${cleanup.cron}", "${cleanup.zone:-Europe/Bonn}"),
                    options,
                    nothing,
                ),
                def("never", cron("0 0 30 2 *", "UTC"), options, nothing),
                def("fields", cron("* * *", "UTC"), options, nothing),
            ],
        )
        .await;
        for expected in [
            "cleanup.cron: \"99 3 * * *\" is not a cron expression: ",
            "set by the argument --cleanup.cron",
            "#[scheduled] `set`: there is no time zone \"Europe/Bonn\"",
            "#[scheduled] `never`: the time \"0 0 30 2 *\" never comes\n     written at src/main.rs:7",
            "#[scheduled] `fields`: expected 5 fields",
        ] {
            assert!(report.contains(expected), "{expected}\n{report}");
        }
    }
}
