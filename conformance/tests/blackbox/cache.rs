//! A cache under many clients: one load for a key, whoever asks, whoever goes away, and whatever becomes of it.

use tokio::task::JoinSet;

use crate::harness::{Sandbox, Service, eventually, within};
use crate::http::{Connection, Request, Response};

const LOADS: &str = "cache_load_duration_seconds_count";

/// Opens that many connections, and then asks for the same on all of them at once.
async fn all_at_once(service: &Service, clients: usize, target: &'static str) -> Vec<Response> {
    let mut connections = Vec::new();
    for _ in 0..clients {
        connections.push(service.connect().await);
    }
    let mut asking = JoinSet::new();
    for mut connection in connections {
        asking.spawn(async move { connection.send(&Request::get(target)).await.unwrap() });
    }
    within("all answers", asking.join_all()).await
}

async fn loads(service: &Service, outcome: &str) -> Option<f64> {
    let labels = [("cache", "default"), ("outcome", outcome)];
    service.metrics().await.value(LOADS, &labels)
}

#[tokio::test]
async fn a_thousand_concurrent_requests_for_one_cold_key_load_it_once() {
    let service = Sandbox::new().start().await;
    for answer in all_at_once(&service, 1000, "/cached/cold").await {
        assert_eq!((answer.status, answer.text()), (200, "1"));
    }
    assert_eq!(loads(&service, "success").await, Some(1.0));
    assert_eq!(service.get("/cached/cold").await.text(), "1");

    // Changed: the next one loads.
    let removed = service.send(Request::new("DELETE", "/cached/cold")).await;
    assert_eq!(removed.status, 204);
    assert_eq!(service.get("/cached/cold").await.text(), "2");
    assert!(service.stop().await.logged("stopped"));
}

#[tokio::test]
async fn whoever_began_a_load_may_hang_up() {
    let service = Sandbox::new().start().await;
    let mut first: Connection = service.connect().await;
    let request = Request::get("/cached/shared");
    first.write(&request.bytes()).await.unwrap();
    eventually("the load has begun", async || {
        let misses = [("cache", "default")];
        let metrics = service.metrics().await;
        metrics.value("cache_misses_total", &misses) == Some(1.0)
    })
    .await;
    drop(first);
    assert_eq!(service.get("/cached/shared").await.text(), "1");
    assert_eq!(loads(&service, "success").await, Some(1.0));
}

#[tokio::test]
async fn an_error_is_for_all_who_waited_and_for_nobody_after_them() {
    let service = Sandbox::new().start().await;
    for (target, status, outcome) in [
        ("/cached/fails", 503, "error"),
        ("/cached/panics", 500, "panic"),
    ] {
        for times in [1.0, 2.0] {
            for answer in all_at_once(&service, 50, target).await {
                assert_eq!(answer.status, status, "{answer:?}");
                let text = answer.text();
                assert!(!text.contains("oracle"), "{text}");
            }
            assert_eq!(loads(&service, outcome).await, Some(times), "{target}");
        }
    }
    assert_eq!(service.get("/cached/fine").await.status, 200);
}
