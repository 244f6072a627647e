//! What the quickstart promises, over HTTP and with real signals.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on should say where"
)]

mod process;

use process::Quickstart;

/// The counts of the last second are in memory only; the stop hook writes them.
#[test]
fn no_hit_is_lost_when_it_is_stopped_right_after_a_thousand() {
    let dir = tempfile::tempdir().unwrap();
    let app = Quickstart::start(dir.path());
    let mut client = app.client();
    client.post(
        "/api/links",
        r#"{"url":"https://example.com","code":"busy"}"#,
    );
    for _ in 0..1000 {
        assert_eq!(client.get("/busy").status, 302);
    }
    assert_eq!(app.terminate(), Some(0));

    let again = Quickstart::start(dir.path());
    assert_eq!(again.client().get("/api/links/busy").json()["hits"], 1000);
}

#[test]
fn it_is_healthy_and_observable() {
    let dir = tempfile::tempdir().unwrap();
    let app = Quickstart::start(dir.path());
    let mut client = app.client();
    let health = client.get("/health");
    assert_eq!(health.status, 200);
    assert_eq!(health.json()["status"], "UP");
    assert_eq!(health.json()["components"]["database"]["status"], "UP");
    assert_eq!(client.get("/health/database").json()["status"], "UP");
    assert_eq!(
        (client.get("/live").status, client.get("/ready").status),
        (200, 200)
    );
    client.get("/nothing-here");
    let metrics = client.get("/metrics").body;
    assert!(metrics.contains(r#"http_route="/{code}""#), "{metrics}");
    assert!(
        metrics.contains("db_client_operation_duration_seconds"),
        "{metrics}"
    );
}
