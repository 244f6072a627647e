//! The logs of a process: one test, since there is one global subscriber.

#![allow(
    clippy::unwrap_used,
    reason = "a test binary: its helpers are test code too, which clippy only sees in #[test] functions"
)]

use std::cell::RefCell;
use std::time::{Duration, Instant};

use rustboot_observe::correlation::{Correlation, RequestId, request_id};
use rustboot_observe::logs::{AccessRecord, AccessRoute, LogConfig, LogFormat, LogWriter, Logs};
use rustboot_observe::metrics::Metrics;
use serde_json::Value;
use tempfile::NamedTempFile;
use tracing_log::log;

const LONG: Duration = Duration::from_secs(20);

fn lines(logs: &Logs, file: &NamedTempFile) -> Vec<Value> {
    assert!(logs.flush(LONG));
    let text = std::fs::read_to_string(file.path()).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn with<'a>(lines: &'a [Value], member: &str, value: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line[member] == value).collect()
}

fn install(level: &str, file: &NamedTempFile) -> Logs {
    let config = LogConfig {
        level: level.to_owned(),
        ..LogConfig::default()
    };
    Logs::install(
        &config,
        LogFormat::Json,
        LogWriter::to(file.reopen().unwrap()),
    )
    .unwrap()
}

fn access(logs: &Logs) {
    let route = AccessRoute::new("GET", "/");
    let record = AccessRecord {
        route: &route,
        method: "GET",
        path: "/",
        status: 200,
        duration: Duration::from_millis(1),
        bytes: 0,
        client_ip: None,
        user_agent: None,
        aborted: false,
    };
    logs.access().write(&record, &Correlation::default());
}

#[test]
fn one_process() {
    let file = NamedTempFile::new().unwrap();
    let metrics = Metrics::install();

    let bad = LogConfig {
        level: "info,hyper=inof".to_owned(),
        ..LogConfig::default()
    };
    let error = Logs::install(&bad, LogFormat::Json, LogWriter::to(std::io::sink())).unwrap_err();
    assert_eq!(error.directive(), "hyper=inof");

    let logs = install("info,quiet=warn", &file);
    assert!(logs.installed());
    events_pass_the_filter(&logs, &file);
    the_filter_changes_while_running(&logs, &file);
    panics_are_logged_once(&logs, &file);
    a_thread_may_log_to_its_very_end(&logs, &file);
    a_second_app_has_its_own_access_log(&logs);
    lines_are_counted(&metrics);
}

fn events_pass_the_filter(logs: &Logs, file: &NamedTempFile) {
    tracing::info!(target: "loud", "one");
    tracing::debug!(target: "loud", "not this");
    tracing::info!(target: "quiet", "nor this");
    log::warn!(target: "old", "two");
    log::debug!(target: "old", "nor that");
    access(logs);
    let lines = lines(logs, file);
    let messages: Vec<&str> = lines
        .iter()
        .map(|line| line["message"].as_str().unwrap())
        .collect();
    assert_eq!(messages, ["one", "two", "GET / 200"]);
    assert_eq!(lines[1]["target"], "old");
}

fn the_filter_changes_while_running(logs: &Logs, file: &NamedTempFile) {
    assert_eq!(logs.filter(), "info,quiet=warn");
    let error = logs.set_filter("debug,x=loud").unwrap_err();
    assert_eq!(error.directive(), "x=loud");
    assert_eq!(logs.filter(), "info,quiet=warn", "nothing changes then");

    assert!(logs.access().enabled());
    let access_log = logs.access();
    logs.set_filter("debug, access=off").unwrap();
    assert_eq!(logs.filter(), "debug,access=off");
    assert!(!access_log.enabled(), "also where it is held already");
    access(logs);
    tracing::debug!("debugged");
    log::debug!(target: "old", "debugged too");
    let after = lines(logs, file);
    assert_eq!(after.len(), 5);
    assert_eq!(after[3]["message"], "debugged");
    assert_eq!(after[4]["message"], "debugged too");
    logs.set_filter("info").unwrap();
    assert!(access_log.enabled());
}

fn panics_are_logged_once(logs: &Logs, file: &NamedTempFile) {
    let before = lines(logs, file).len();
    let thread = std::thread::Builder::new()
        .name("doomed".to_owned())
        .spawn(|| {
            let mut correlation = Correlation::new(RequestId::accept("req-9").unwrap());
            let _entered = correlation.enter();
            panic!("went {}", "wrong\nbadly");
        });
    assert!(thread.unwrap().join().is_err());
    let all = lines(logs, file);
    assert_eq!(all.len(), before + 1);
    let line = with(&all, "target", "panic")[0];
    assert_eq!(line["level"], "ERROR");
    assert_eq!(line["message"], "went wrong\nbadly");
    assert_eq!(line["request_id"], "req-9");
    assert_eq!(line["thread"], "doomed");
    let location = line["location"].as_str().unwrap();
    assert!(
        location.starts_with("rustboot-observe/tests/install.rs:"),
        "{location}"
    );
    assert_eq!(location.split(':').count(), 3);
    let wanted = std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0");
    assert_eq!(line.get("backtrace").is_some(), wanted);

    // From the middle of a subscriber, with a span's lock held.
    struct Panics;
    impl std::fmt::Debug for Panics {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            panic!("inside a subscriber");
        }
    }
    let thread = std::thread::spawn(|| {
        let span = tracing::info_span!("span", value = tracing::field::Empty);
        let _span = span.enter();
        span.record("value", tracing::field::debug(Panics));
    });
    assert!(thread.join().is_err());
    let all = lines(logs, file);
    assert_eq!(with(&all, "message", "inside a subscriber").len(), 1);
}

fn a_thread_may_log_to_its_very_end(logs: &Logs, file: &NamedTempFile) {
    struct Late(&'static str);
    impl Drop for Late {
        fn drop(&mut self) {
            tracing::warn!(target: "late", "{}", self.0);
            // And the slot of the correlation may be gone; a panic here aborts the process.
            assert!(request_id().is_none());
        }
    }
    thread_local!(static LATE: RefCell<Option<Late>> = const { RefCell::new(None) });
    let keep = |text| LATE.with(|late| *late.borrow_mut() = Some(Late(text)));

    std::thread::scope(|scope| {
        // Torn down after, between and before the thread-locals of the log.
        scope.spawn(|| {
            keep("first");
            tracing::info_span!("span").in_scope(|| tracing::debug!("early"));
            tracing::warn!(target: "late", "early");
        });
        scope.spawn(|| {
            access(logs);
            keep("second");
            tracing::warn!(target: "late", "early");
        });
        scope.spawn(|| {
            tracing::warn!(target: "late", "early");
            keep("third");
        });
        scope.spawn(|| keep("fourth"));
    });
    // A scope ends before the destructors have run.
    let deadline = Instant::now() + LONG;
    for text in ["first", "second", "third", "fourth"] {
        while with(&lines(logs, file), "message", text).is_empty() {
            assert!(Instant::now() < deadline, "{text} is missing");
        }
    }
}

fn a_second_app_has_its_own_access_log(first: &Logs) {
    let file = NamedTempFile::new().unwrap();
    let second = install("info", &file);
    assert!(!second.installed() && first.installed());
    access(&second);
    tracing::info!("goes to the first");
    second.set_filter("access=off").unwrap();
    access(&second);
    assert!(first.access().enabled());
    assert_eq!(lines(&second, &file).len(), 1);
}

fn lines_are_counted(metrics: &Metrics) {
    let text = metrics.render();
    for expected in [
        "log_events_total{level=\"info\"} 5\n",
        "log_events_total{level=\"warn\"} 8\n",
        "log_events_total{level=\"debug\"} 2\n",
        "log_events_total{level=\"error\"} 2\n",
        "panics_total 2\n",
    ] {
        assert!(text.contains(expected), "{expected} is not in\n{text}");
    }
}
