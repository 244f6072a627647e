//! Two applications of one process, which hear nothing of each other.

use serde_json::Value;

use super::*;

fn messages(capture: &Capture) -> Vec<String> {
    let parsed = capture.lines().into_iter().map(|line| {
        let line: Value = serde_json::from_str(&line).unwrap();
        line["message"].as_str().unwrap().to_owned()
    });
    parsed.collect()
}

#[test]
fn each_capture_hears_its_own_threads() {
    let one = Capture::new();
    let other = Capture::new();
    let beside = other.clone();
    {
        let _entered = one.enter();
        tracing::info!("first");
        ::metrics::counter!("orders_total").increment(2);
        std::thread::spawn(move || {
            beside.enter_for_good();
            tracing::warn!("second");
            ::metrics::counter!("orders_total").increment(5);
        })
        .join()
        .unwrap();
        tracing_log::log::info!("third");
    }
    tracing::info!("to nobody");
    assert_eq!(messages(&one), ["first", "third"]);
    assert_eq!(messages(&other), ["second"]);
    assert!(one.metrics_text().contains("\norders_total 2\n"));
    let text = other.metrics_text();
    assert!(text.contains("\norders_total 5\n"), "{text}");
    assert!(
        text.contains("log_events_total{level=\"warn\"} 1\n"),
        "{text}"
    );
    assert!(
        text.contains("log_events_total{level=\"info\"} 0\n"),
        "{text}"
    );
}

#[test]
fn a_statement_that_others_reach_first_is_heard() {
    fn say() {
        tracing::info!("said");
    }

    let capture = Capture::new();
    let _entered = capture.enter();
    std::thread::spawn(say).join().unwrap();
    say();
    assert_eq!(messages(&capture), ["said"]);
}

#[test]
fn a_panic_is_logged_where_its_thread_is_captured() {
    let capture = Capture::new();
    let entered = capture.enter();
    let panicked = std::panic::catch_unwind(|| panic!("over here")).is_err();
    drop(entered);
    assert!(panicked && std::panic::catch_unwind(|| panic!("over there")).is_err());
    assert_eq!(messages(&capture), ["over here"]);
    assert!(capture.metrics_text().contains("\npanics_total 1\n"));
}

#[test]
fn entering_again_gives_back_what_was_before() {
    let outer = Capture::new();
    let inner = Capture::new();
    let _outer = outer.enter();
    {
        let _inner = inner.enter();
        tracing::info!("inside");
        ::metrics::counter!("seen_total").increment(1);
    }
    tracing::info!("outside");
    ::metrics::counter!("seen_total").increment(1);
    assert_eq!(messages(&outer), ["outside"]);
    assert_eq!(messages(&inner), ["inside"]);
    assert!(outer.metrics_text().contains("\nseen_total 1\n"));
}

#[test]
fn a_line_for_people_has_everything() {
    assert_eq!(
        for_people(
            r#"{"timestamp":"2025-01-02T03:04:05.678901Z","level":"INFO","target":"shop","message":"placed","id":5,"by":"me"}"#
        )
        .unwrap(),
        "03:04:05.678  INFO shop: placed by=me id=5"
    );
    assert_eq!(for_people("not JSON\n").unwrap(), "not JSON");
    assert_eq!(for_people(r#"{"target":"panic","message":"no"}"#), None);
}
