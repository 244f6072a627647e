//! A server goes away under load, in each of the ways in which that happens, and comes back: here PostgreSQL.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::harness::{Service, eventually};
use crate::http::{Connection, Request};
use crate::{blocking, ledger};
use rustboot_servers::{Postgres, Proxy};

const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);

/// What a busy machine may add.
const SLACK: Duration = Duration::from_secs(3);

const UP: u8 = 0;
const AWAY: u8 = 1;
/// It may be either.
const CHANGING: u8 = 2;

/// What the clients saw.
#[derive(Default)]
struct Seen {
    phase: AtomicU8,
    over: AtomicBool,
    wrong: Mutex<Vec<String>>,
    refused: Mutex<Vec<Duration>>,
    plain: Mutex<Vec<(u8, Duration)>>,
}

impl Seen {
    fn wrong(&self, what: String) {
        self.wrong.lock().unwrap().push(what);
    }
}

/// A client that needs the server.
async fn needs_it(path: &'static str, address: String, seen: Arc<Seen>) {
    let mut connection = Connection::open(&address).await.unwrap();
    while !seen.over.load(Ordering::SeqCst) {
        let before = seen.phase.load(Ordering::SeqCst);
        let began = Instant::now();
        let answer = connection.send(&Request::get(path)).await.unwrap();
        let took = began.elapsed();
        let same = before == seen.phase.load(Ordering::SeqCst);
        match (answer.status, before) {
            (200, UP) | (200, CHANGING) => {}
            (503, AWAY | CHANGING) => seen.refused.lock().unwrap().push(took),
            // It was sent before, and answered after.
            _ if !same => {}
            (status, phase) => seen.wrong(format!("{status} in phase {phase} after {took:?}")),
        }
        if answer.status == 503 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// One that does not.
async fn does_not(address: String, seen: Arc<Seen>) {
    let mut connection = Connection::open(&address).await.unwrap();
    while !seen.over.load(Ordering::SeqCst) {
        let phase = seen.phase.load(Ordering::SeqCst);
        let began = Instant::now();
        for (path, expected) in [("/plain", 200), ("/live", 200)] {
            let answer = connection.send(&Request::get(path)).await.unwrap();
            if answer.status != expected {
                seen.wrong(format!("{path}: {}", answer.status));
            }
        }
        seen.plain.lock().unwrap().push((phase, began.elapsed()));
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

fn median(all: &[(u8, Duration)], phase: u8) -> Duration {
    let mut some: Vec<Duration> = all
        .iter()
        .filter(|(p, _)| *p == phase)
        .map(|(_, took)| *took)
        .collect();
    some.sort();
    some[some.len() / 2]
}

async fn start(url: &str) -> Service {
    ledger(url)
        .env("APP_DATABASE__ACQUIRE_TIMEOUT", "2s")
        .env("APP_DATABASE__MAX_CONNECTIONS", "4")
        .start()
        .await
}

/// What is expected of a service whose server goes away.
pub(crate) struct Ordeal {
    /// Answers 200 with the server, and 503 without.
    pub(crate) path: &'static str,
    /// What `/ready` says.
    pub(crate) reason: &'static str,
    /// How long a request may take to be refused.
    pub(crate) limit: Duration,
}

const DATABASE: Ordeal = Ordeal {
    path: "/count",
    reason: "database is down",
    limit: ACQUIRE_TIMEOUT,
};

/// Runs the load, takes the server away and gives it back. `name` is for people.
pub(crate) async fn survives(
    name: &str,
    ordeal: Ordeal,
    service: &Service,
    take: impl AsyncFnOnce(),
    give_back: impl AsyncFnOnce(),
) {
    let seen = Arc::new(Seen::default());
    let mut clients = JoinSet::new();
    for _ in 0..6 {
        let address = service.address.clone();
        clients.spawn(needs_it(ordeal.path, address, Arc::clone(&seen)));
    }
    for _ in 0..2 {
        clients.spawn(does_not(service.address.clone(), Arc::clone(&seen)));
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    seen.phase.store(CHANGING, Ordering::SeqCst);
    take().await;
    // What is under way hears of it in its time.
    eventually("readiness is off", async || {
        service.get("/ready").await.status == 503
    })
    .await;
    tokio::time::sleep(ordeal.limit + Duration::from_millis(500)).await;
    seen.phase.store(AWAY, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(500)).await;
    let ready = service.get("/ready").await;
    assert_eq!(ready.status, 503);
    assert!(ready.text().contains(ordeal.reason), "{ready:?}");

    seen.phase.store(CHANGING, Ordering::SeqCst);
    give_back().await;
    let back = Instant::now();
    eventually("requests work again", async || {
        service.get(ordeal.path).await.status == 200
    })
    .await;
    let works = back.elapsed();
    eventually("readiness is on", async || {
        service.get("/ready").await.status == 200
    })
    .await;
    let ready = back.elapsed();
    seen.phase.store(UP, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(500)).await;
    seen.over.store(true, Ordering::SeqCst);
    while let Some(ended) = clients.join_next().await {
        ended.unwrap();
    }

    let wrong = seen.wrong.lock().unwrap();
    assert!(wrong.is_empty(), "{name}: {wrong:?}");
    let refused = seen.refused.lock().unwrap();
    let longest = refused.iter().max().copied().unwrap();
    assert!(
        longest < ordeal.limit + SLACK,
        "{name}: refused after {longest:?}"
    );
    let plain = seen.plain.lock().unwrap();
    let (before, away) = (median(&plain, UP), median(&plain, AWAY));
    assert!(
        away < before * 10 + Duration::from_millis(20),
        "{name}: {before:?} became {away:?}"
    );
    assert!(
        ready < Duration::from_secs(2) + SLACK,
        "{name}: recovered after {ready:?}"
    );
    println!(
        "{name}: {} refused, the slowest after {longest:?}; others {before:?} before, {away:?} while it was away; requests work after {works:?}, ready after {ready:?}",
        refused.len()
    );
}

async fn own() -> (Arc<Postgres>, String) {
    blocking(|| {
        let server = Postgres::start().unwrap();
        let url = server.create_database("ledger").unwrap();
        (Arc::new(server), url)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed() {
    let (server, url) = own().await;
    let service = start(&url).await;
    let (kill, restart) = (Arc::clone(&server), Arc::clone(&server));
    survives(
        "killed",
        DATABASE,
        &service,
        async || blocking(move || kill.kill().unwrap()).await,
        async || blocking(move || restart.restart().unwrap()).await,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_frozen() {
    let (server, url) = own().await;
    let service = start(&url).await;
    let (pause, resume) = (Arc::clone(&server), Arc::clone(&server));
    survives(
        "frozen",
        DATABASE,
        &service,
        async || blocking(move || pause.pause().unwrap()).await,
        async || blocking(move || resume.resume().unwrap()).await,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_that_swallows_everything() {
    let (_server, url) = own().await;
    let proxy = Proxy::before(&url).unwrap();
    let service = start(&proxy.url()).await;
    survives(
        "swallowed",
        DATABASE,
        &service,
        async || proxy.swallow(true),
        async || proxy.swallow(false),
    )
    .await;
}
