//! Event streams while they are open.

use std::time::Duration;

use super::{OPEN, becomes, events};
use crate::harness::{Sandbox, eventually};
use crate::http::Request;

const EVENTS: &[(&str, &str)] = &[("kind", "sse")];

#[tokio::test]
async fn a_quiet_stream_is_kept_alive() {
    let service = Sandbox::new()
        .env("APP_SSE__KEEP_ALIVE", "50ms")
        .start()
        .await;
    // With a pause of the handler's own, and with the one that is configured.
    for target in ["/sse/quiet", "/sse/numbers?ms=3600000"] {
        let (mut connection, _) = events(&service, target).await;
        let first = connection.chunk().await.unwrap().unwrap();
        assert!(first.starts_with(b"data: "), "{first:?}");
        for _ in 0..3 {
            assert_eq!(connection.chunk().await.unwrap().unwrap(), b":\n\n");
        }
    }
    // Nothing is put into what we did not make.
    let (mut plain, _) = events(&service, "/sse/plain").await;
    assert_eq!(plain.chunk().await.unwrap().unwrap(), b"data: hello\n\n");
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!plain.is_closed());
}

#[tokio::test]
async fn the_head_is_what_proxies_need() {
    let service = Sandbox::new().start().await;
    let mut connection = service.connect().await;
    connection
        .write(&Request::get("/sse/quiet").bytes())
        .await
        .unwrap();
    let head = connection.head().await.unwrap();
    assert_eq!(head.header("cache-control"), Some("no-cache"));
    assert_eq!(head.header("x-accel-buffering"), Some("no"));
    assert!(head.header("x-request-id").is_some());
    // Nobody sees the body of an answer to HEAD, so none is begun.
    let head = service.send(Request::new("HEAD", "/sse/quiet")).await;
    assert_eq!(head.status, 200);
    becomes(&service, OPEN, EVENTS, 1.0).await;
}

#[tokio::test]
async fn a_stream_outlives_the_timeout_of_requests_and_frees_their_place() {
    let service = Sandbox::new()
        .env("APP_SERVER__REQUEST_TIMEOUT", "100ms")
        .env("APP_SERVER__MAX_IN_FLIGHT", "1")
        .env("APP_SSE__MAX_OPEN", "2")
        .start()
        .await;
    let (mut connection, id) = events(&service, "/sse/numbers?ms=50").await;
    for number in 0..10 {
        let event = connection.chunk().await.unwrap().unwrap();
        assert_eq!(event, format!("data: {number}\n\n").into_bytes());
    }
    assert_eq!(
        service.get("/text").await.status,
        200,
        "the one place is free"
    );
    let (_plain, _) = events(&service, "/sse/plain").await;
    let refused = service.get("/sse/quiet").await;
    assert_eq!(refused.status, 503, "{refused:?}");
    assert_eq!(refused.header("retry-after"), Some("10"));
    assert_eq!(
        refused.json()["detail"],
        "too many event streams are open; try again later"
    );
    assert_eq!(refused.header("x-accel-buffering"), None);
    let metrics = service.metrics().await;
    assert_eq!(metrics.sum(OPEN, EVENTS), 2.0);
    assert_eq!(
        metrics.sum("http_server_streams_refused_total", EVENTS),
        1.0
    );
    assert_eq!(metrics.sum("http_server_active_requests", &[]), 0.0);
    // From inside of the body, long after the handler has returned.
    let line = service
        .log_line("the stream's own line", |line| {
            line["message"] == "counting" && line["number"] == 5
        })
        .await;
    assert_eq!(line["request_id"], id.as_str());
}

#[tokio::test]
async fn a_client_that_goes_away_ends_the_stream() {
    let service = Sandbox::new().journal().start().await;
    let (mut connection, id) = events(&service, "/sse/numbers?ms=3600000").await;
    connection.chunk().await.unwrap();
    drop(connection);
    eventually("the stream is dropped", async || {
        service
            .journal()
            .contains(&"a stream is dropped".to_owned())
    })
    .await;
    let line = service
        .log_line("the line of its drop", |line| {
            line["message"] == "the stream is dropped"
        })
        .await;
    assert_eq!(line["request_id"], id.as_str());
    let line = service.access_line(&id).await;
    assert_eq!(
        (&line["status"], &line["aborted"]),
        (&200.into(), &true.into())
    );
    becomes(&service, OPEN, EVENTS, 0.0).await;
}

#[tokio::test]
async fn a_client_that_never_reads_is_cut_off() {
    let service = Sandbox::new()
        .env("APP_SERVER__WRITE_TIMEOUT", "500ms")
        .start()
        .await;
    let (connection, id) = events(&service, "/sse/flood").await;
    let line = service.access_line(&id).await;
    assert_eq!(line["aborted"], true, "{line}");
    becomes(&service, OPEN, EVENTS, 0.0).await;
    let metrics = service.metrics().await;
    assert_eq!(metrics.sum("http_server_write_timeouts_total", &[]), 1.0);
    drop(connection);
}

/// Any answer that waits for its client, not only a stream.
#[tokio::test]
async fn a_client_that_reads_slowly_is_not() {
    let service = Sandbox::new()
        .env("APP_SERVER__WRITE_TIMEOUT", "1s")
        .start()
        .await;
    let (mut connection, _) = events(&service, "/sse/flood").await;
    for _ in 0..15 {
        tokio::time::sleep(Duration::from_millis(200)).await;
        for _ in 0..40 {
            connection.chunk().await.unwrap().unwrap();
        }
    }
}

#[tokio::test]
async fn a_panic_breaks_its_stream_off_and_costs_nothing_else() {
    let service = Sandbox::new().start().await;
    let (mut connection, id) = events(&service, "/sse/panic").await;
    assert_eq!(
        connection.chunk().await.unwrap().unwrap(),
        b"data: hello\n\n"
    );
    // Not the chunk that says that this was all.
    assert!(connection.chunk().await.is_err());
    let line = service
        .log_line("the panic", |line| line["target"] == "panic")
        .await;
    assert_eq!(line["request_id"], id.as_str());
    assert_eq!(service.access_line(&id).await["aborted"], true);
    assert_eq!(service.metrics().await.sum("panics_total", &[]), 1.0);
    becomes(&service, OPEN, EVENTS, 0.0).await;
    assert_eq!(service.stop().await.code, Some(0));
}
