//! Leases of tasks on both stores, for two replicas that know nothing of each other.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests: clippy takes them for something else, since they need two features"
)]

use std::time::Duration;

use rustboot_core::schedule::{Attempt, HeldLease, LeaseStore as _};
use rustboot_servers::{Postgres, Redis as RedisServer};

use super::tasks::TaskLeases;
use super::*;
use crate::{DatabaseConfig, PgDb, Redis, RedisConfig};

const SECOND: Duration = Duration::from_secs(1);

async fn blocking<T: Send + 'static>(call: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(call).await.unwrap()
}

async fn redis() -> (TaskLeases, TaskLeases) {
    let url = blocking(|| RedisServer::shared().unwrap().url()).await;
    let prefix = format!("lease{:016x}:", fastrand::u64(..));
    let connect = async || {
        let config = RedisConfig {
            url: Some(url.clone().into()),
            key_prefix: Some(prefix.clone()),
            ..RedisConfig::default()
        };
        TaskLeases {
            name: "Redis",
            store: Store::redis(Redis::connect(&config).await.unwrap()),
        }
    };
    (connect().await, connect().await)
}

/// The URL of a new database.
async fn database() -> String {
    let name = format!("lease_{:016x}", fastrand::u64(..));
    blocking(move || Postgres::shared().unwrap().create_database(&name).unwrap()).await
}

async fn postgres_at(url: &str) -> TaskLeases {
    let config = DatabaseConfig {
        url: Some(url.to_owned().into()),
        max_connections: 2,
        ..DatabaseConfig::default()
    };
    TaskLeases {
        name: "PostgreSQL",
        store: Store::postgres(PgDb::connect(&config).await.unwrap()),
    }
}

async fn postgres() -> (TaskLeases, TaskLeases) {
    let url = database().await;
    (postgres_at(&url).await, postgres_at(&url).await)
}

async fn held(leases: &TaskLeases, name: &str, length: Duration) -> Box<dyn HeldLease> {
    match leases.try_hold(name, "pod-1:7", length).await.unwrap() {
        Attempt::Held(held) => held,
        Attempt::Taken { by, ends_in } => panic!("{by:?} has it for {ends_in:?}"),
    }
}

/// Who has it, and for how long.
async fn taken(leases: &TaskLeases, name: &str) -> (String, Duration) {
    match leases.try_hold(name, "pod-2:9", SECOND).await.unwrap() {
        Attempt::Taken { by, ends_in } => (by.unwrap(), ends_in.unwrap()),
        Attempt::Held(_) => panic!("it was free"),
    }
}

/// What both stores promise.
async fn one_at_a_time((one, other): (TaskLeases, TaskLeases)) {
    let first = held(&one, "nightly", SECOND * 10).await;
    let (by, ends_in) = taken(&other, "nightly").await;
    assert_eq!(by, "pod-1:7");
    assert!(
        SECOND * 5 < ends_in && ends_in <= SECOND * 10,
        "{ends_in:?}"
    );
    // In the same process as well, and another one is free.
    taken(&one, "nightly").await;
    held(&other, "hourly", SECOND)
        .await
        .release()
        .await
        .unwrap();

    let mut last = first.token();
    first.release().await.unwrap();
    for leases in [&other, &one, &other] {
        let next = held(leases, "nightly", SECOND).await;
        assert!(next.token() > last, "{} after {last}", next.token());
        last = next.token();
        next.release().await.unwrap();
    }

    // It is kept for longer than it lasts.
    let kept = held(&one, "nightly", SECOND).await;
    tokio::time::sleep(SECOND * 2).await;
    taken(&other, "nightly").await;
    let is_lost = tokio::time::timeout(Duration::from_millis(1), kept.lost()).await;
    assert!(is_lost.is_err());

    // Dropped is given back too, in the background.
    drop(kept);
    let began = std::time::Instant::now();
    loop {
        let attempt = other.try_hold("nightly", "pod-2:9", SECOND).await.unwrap();
        if let Attempt::Held(held) = attempt {
            assert!(held.token() > last);
            break;
        }
        assert!(began.elapsed() < SECOND * 10, "it is not given back");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Nobody moves its end on: it is free when it ends, and its holder hears that it is lost.
async fn ends_by_itself((one, other): (TaskLeases, TaskLeases)) {
    let taken_at = std::time::Instant::now();
    let owner = "gone-1";
    let Taken::Ours(token) = one.store.take("t", owner, SECOND).await.unwrap() else {
        panic!("it was free");
    };
    assert!(one.store.renew("t", owner, SECOND).await.unwrap());
    assert!(!other.store.renew("t", "other-1", SECOND).await.unwrap());
    assert!(!other.store.release("t", "other-1").await.unwrap());
    // Asked again, it is the same: an answer that got lost changes nothing.
    let again = one.store.take("t", owner, SECOND).await.unwrap();
    assert_eq!(again, Taken::Ours(token));
    let next = loop {
        match other.store.take("t", "other-1", SECOND * 30).await.unwrap() {
            Taken::Ours(next) => break next,
            Taken::Theirs(rest) => {
                assert!(rest.unwrap() <= SECOND);
                assert!(taken_at.elapsed() < SECOND * 10, "it does not end");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    };
    assert!(taken_at.elapsed() >= SECOND, "{:?}", taken_at.elapsed());
    assert!(next > token);
    assert!(!one.store.renew("t", owner, SECOND).await.unwrap());
    assert!(!one.store.release("t", owner).await.unwrap());
    assert_eq!(one.store.holder("t").await.unwrap().unwrap(), "other-1");
    assert!(other.store.release("t", "other-1").await.unwrap());
    assert_eq!(one.store.holder("t").await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_at_a_time_on_redis() {
    one_at_a_time(redis().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_at_a_time_on_postgres() {
    one_at_a_time(postgres().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ends_by_itself_on_redis() {
    ends_by_itself(redis().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ends_by_itself_on_postgres() {
    ends_by_itself(postgres().await).await;
}

/// Whoever takes the row away takes the lease away, and its holder hears of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_one_is_noticed() {
    let url = database().await;
    let leases = postgres_at(&url).await;
    let lost = held(&leases, "nightly", SECOND).await;
    let db = PgDb::connect(&DatabaseConfig {
        url: Some(url.into()),
        ..DatabaseConfig::default()
    })
    .await
    .unwrap();
    sqlx::query("DELETE FROM rustboot_lease")
        .execute(&db)
        .await
        .unwrap();
    tokio::time::timeout(SECOND * 5, lost.lost()).await.unwrap();
    let next = held(&leases, "nightly", SECOND).await;
    assert!(next.token() > lost.token());
}

/// Many replicas start at once on an empty database: one of them makes the table, and one has the lease.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_make_the_table_at_once() {
    let url = database().await;
    let all = (0..10).map(|_| async {
        let leases = postgres_at(&url).await;
        leases
            .try_hold("nightly", "pod", SECOND * 30)
            .await
            .unwrap()
    });
    let all = futures_util::future::join_all(all).await;
    let held = all
        .iter()
        .filter(|attempt| matches!(attempt, Attempt::Held(_)));
    assert_eq!(held.count(), 1);
}
