//! Clients that take their time: with a head, with a body, or with anything at all.

use std::time::{Duration, Instant};

use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::task::JoinSet;

use super::Witness;
use crate::harness::{LIMIT, Sandbox, Service, eventually};
use crate::http::{Connection, Request};

/// Sends `beginning`, and then one byte after the other for as long as the server lets it. How long that was, and the status of
/// the answer when there was one.
async fn trickle(mut connection: Connection, beginning: Vec<u8>) -> (Duration, Option<u16>) {
    let at = Instant::now();
    let mut sent = connection.write(&beginning).await;
    while sent.is_ok() && at.elapsed() < LIMIT && !connection.has_something() {
        tokio::time::sleep(Duration::from_millis(100)).await;
        sent = connection.write(b"y").await;
    }
    let took = at.elapsed();
    (
        took,
        connection
            .answer("GET")
            .await
            .ok()
            .map(|answer| answer.status),
    )
}

async fn attack(
    service: &Service,
    clients: usize,
    beginning: Vec<u8>,
) -> Vec<(Duration, Option<u16>)> {
    let mut running = JoinSet::new();
    for _ in 0..clients {
        let connection = service.connect().await;
        running.spawn(trickle(connection, beginning.clone()));
    }
    running.join_all().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heads_that_come_byte_by_byte() {
    let service = Sandbox::new()
        .env("APP_SERVER__HEADER_READ_TIMEOUT", "2s")
        .start()
        .await;
    let witness = Witness::of(&service).await;
    let head = b"GET /text HTTP/1.1\r\nhost: service.test\r\nx-slow: ";
    for (took, status) in attack(&service, 300, head.to_vec()).await {
        assert!(
            took >= Duration::from_millis(1900) && took < LIMIT,
            "{took:?}"
        );
        assert_eq!(status, None, "nothing is answered to half a head");
    }
    witness.ends_well("300 slow heads", &service, 16).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_that_come_byte_by_byte() {
    let service = Sandbox::new()
        .env("APP_SERVER__REQUEST_TIMEOUT", "2s")
        .start()
        .await;
    let witness = Witness::of(&service).await;
    let head = b"POST /bytes HTTP/1.1\r\nhost: service.test\r\ncontent-length: 1000000\r\n\r\n";
    for (took, status) in attack(&service, 300, head.to_vec()).await {
        assert!(
            took >= Duration::from_millis(1900) && took < LIMIT,
            "{took:?}"
        );
        assert_eq!(status, Some(503));
    }
    eventually("their connections are gone", async || {
        connections(&service).await <= 2.0
    })
    .await;
    witness.ends_well("300 slow bodies", &service, 16).await;
}

async fn connections(service: &Service) -> f64 {
    let metrics = service.metrics().await;
    metrics.value("http_server_connections", &[]).unwrap()
}

/// Half of them have had an answer, half have never said anything. All of them are closed in their time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_thousand_idle_connections() {
    const IDLE: usize = 5000;
    allow_files(2 * IDLE as u64);
    let service = Sandbox::new()
        .env("APP_SERVER__HEADER_READ_TIMEOUT", "15s")
        .env("APP_SERVER__KEEP_ALIVE_TIMEOUT", "15s")
        .env("APP_LOG__ACCESS", "false")
        .start()
        .await;
    let witness = Witness::of(&service).await;
    let mut idle = Vec::new();
    for number in 0..IDLE {
        let mut connection = service.connect().await;
        if number % 2 == 0 {
            let answer = connection.send(&Request::get("/text")).await.unwrap();
            assert_eq!(answer.status, 200);
        }
        idle.push(connection);
    }
    eventually("all are there", async || {
        connections(&service).await > IDLE as f64
    })
    .await;
    let each = witness.growth(&service) / IDLE as u64;
    println!("{IDLE} idle connections: {each} bytes each");
    assert!(each < 18 * 1024, "{each} bytes for an idle connection");
    for connection in &mut idle {
        connection.closed().await.unwrap();
    }
    eventually("all are gone", async || connections(&service).await <= 3.0).await;
    witness
        .ends_well("5000 idle connections", &service, 100)
        .await;
}

/// A soft limit of 1024 open files is common, and what a process may raise it to is far above that.
fn allow_files(needed: u64) {
    let mut limit = getrlimit(Resource::Nofile);
    let needed = needed + 1000;
    if limit.current.is_none_or(|current| current >= needed) {
        return;
    }
    limit.current = limit.maximum.or(Some(needed));
    setrlimit(Resource::Nofile, limit).unwrap();
    let allowed = getrlimit(Resource::Nofile).current;
    assert!(
        allowed.is_none_or(|allowed| allowed >= needed),
        "{needed} open files are needed, and {allowed:?} allowed: raise the limit (ulimit -Hn)"
    );
}
