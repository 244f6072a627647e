//! Against real servers: MariaDB.

mod replicas;
#[cfg(feature = "tls")]
mod tls;
mod transactions;

use std::time::{Duration, Instant};

use rustboot_core::ErrorKind;
use rustboot_core::app::Resource;
use rustboot_servers::MariaDb;
use sqlx::Executor as _;

use super::*;
use crate::{DatabaseConfig, Migrations};

/// A new, empty database.
async fn database() -> String {
    let made = tokio::task::spawn_blocking(|| {
        let name = format!("t{:x}", fastrand::u64(..));
        MariaDb::shared()?.create_database(&name)
    });
    made.await.unwrap().unwrap()
}

fn config(url: &str) -> DatabaseConfig {
    DatabaseConfig {
        url: Some(url.to_owned().into()),
        max_connections: 3,
        ..DatabaseConfig::default()
    }
}

async fn fixture(change: impl FnOnce(&mut DatabaseConfig)) -> MySqlDb {
    let mut config = config(&database().await);
    change(&mut config);
    let db = MySqlDb::connect(&config).await.unwrap();
    db.execute("CREATE TABLE item (id int AUTO_INCREMENT PRIMARY KEY, name varchar(20) NOT NULL UNIQUE CHECK (name <> ''))")
        .await
        .unwrap();
    db
}

async fn insert(db: &MySqlDb, name: &str) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO item (name) VALUES (?)")
        .bind(name)
        .execute(db)
        .await
        .map(|_| ())
}

async fn count(db: &MySqlDb) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM item")
        .fetch_one(db)
        .await
        .unwrap()
}

#[tokio::test]
async fn statements_transactions_and_errors() {
    let db = fixture(|_| {}).await;
    insert(&db, "a").await.unwrap();
    let mut tx = db.begin().await.unwrap();
    tx.execute("INSERT INTO item (name) VALUES ('b')")
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let mut tx = db.begin().await.unwrap();
    tx.execute("INSERT INTO item (name) VALUES ('c')")
        .await
        .unwrap();
    drop(tx);
    assert_eq!(count(&db).await, 2);
    let kind = |error: sqlx::Error| crate::kind_of(&error).map(|(kind, _)| kind);
    let conflict = insert(&db, "a").await.unwrap_err();
    assert_eq!(kind(conflict), Some(ErrorKind::Conflict));
    let refused = insert(&db, "").await.unwrap_err();
    assert_eq!(kind(refused), Some(ErrorKind::Invalid));
    let too_long = insert(&db, &"x".repeat(99)).await.unwrap_err();
    assert_eq!(kind(too_long), Some(ErrorKind::Invalid));
    let plain: i64 = sqlx::query_scalar("SELECT count(*) FROM item")
        .fetch_one(db.sqlx_pool())
        .await
        .unwrap();
    assert_eq!(plain, 2);
    db.close(Duration::from_secs(5)).await.unwrap();
}

#[tokio::test]
async fn limits_are_answered_with_unavailable() {
    let db = fixture(|config| {
        config.max_connections = 1;
        config.acquire_timeout = Duration::from_millis(200);
        config.statement_timeout = Some(Duration::from_millis(200));
    })
    .await;
    let error = db
        .execute("SELECT count(*) FROM seq_1_to_100000 a, seq_1_to_100000 b")
        .await
        .unwrap_err();
    let (kind, _) = crate::kind_of(&error).unwrap();
    assert_eq!(kind.status(), 503, "{error}");
    let held = db.acquire().await.unwrap();
    assert_eq!(
        db.acquire().await.unwrap_err().kind(),
        ErrorKind::Unavailable
    );
    drop(held);
    assert_eq!(count(&db).await, 0);
}

/// Pairs of rows or nothing, whenever the future is dropped.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelled_transactions_leave_nothing() {
    let db = fixture(|_| {}).await;
    let mut set = tokio::task::JoinSet::new();
    for lane in 0..4_u64 {
        let db = db.clone();
        set.spawn(async move {
            for round in 0..60_u64 {
                let pair = async {
                    let mut tx = db.begin().await.unwrap();
                    for suffix in ["a", "b"] {
                        sqlx::query("INSERT INTO item (name) VALUES (?)")
                            .bind(format!("{lane}-{round} {suffix}"))
                            .execute(&mut *tx)
                            .await
                            .unwrap();
                    }
                    tx.commit().await.unwrap();
                };
                let micros = (lane * 7919 + round * 104_729) % 4000;
                let _cut = tokio::time::timeout(Duration::from_micros(micros), pair).await;
                let question = format!("{lane}.{round}");
                let answer: String = sqlx::query_scalar("SELECT CAST(? AS CHAR)")
                    .bind(&question)
                    .fetch_one(&db)
                    .await
                    .unwrap();
                assert_eq!(answer, question);
            }
        });
    }
    set.join_all().await;
    let odd: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM (SELECT 1 FROM item GROUP BY substring_index(name, ' ', 1) HAVING count(*) <> 2) AS odd",
    )
    .fetch_one(&db)
    .await
    .unwrap();
    assert_eq!(odd, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_may_migrate_at_once_and_a_failure_says_what_stays() {
    let url = database().await;
    let first = Resource {
        path: "migrations/0001_a.sql",
        contents: "CREATE TABLE a (id int PRIMARY KEY, t varchar(9) DEFAULT 'it\\'s; b');\nINSERT INTO a (id) VALUES (1);",
    };
    let broken = Resource {
        path: "migrations/0002_b.sql",
        contents: "CREATE TABLE b (id int);\nCRATE TABLE c (id int);",
    };
    let of = |resources: &[Resource]| Migrations::embedded(resources, "mysql").unwrap();
    let mut set = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let (url, migrations) = (url.clone(), of(&[first]));
        set.spawn(async move {
            let db = MySqlDb::connect(&config(&url)).await.unwrap();
            db.migrate(&migrations).await.unwrap();
        });
    }
    while let Some(ended) = set.join_next().await {
        ended.unwrap();
    }
    let db = MySqlDb::connect(&config(&url)).await.unwrap();
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM a")
        .fetch_one(&db)
        .await
        .unwrap();
    assert_eq!(rows, 1);
    let error = db
        .migrate(&of(&[first, broken]))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("0002_b.sql:2, statement 2 (`CRATE TABLE c (id int)`)"),
        "{error}"
    );
    assert!(error.contains("MySQL commits each CREATE"), "{error}");
    // The lock is free, and the repaired file goes through.
    let repaired = Resource {
        path: broken.path,
        contents: "CREATE TABLE IF NOT EXISTS b (id int);\nCREATE TABLE c (id int);",
    };
    db.migrate(&of(&[first, repaired])).await.unwrap();
    let status = crate::migrate::status(db.pool(), &of(&[first, repaired]))
        .await
        .unwrap();
    assert!(
        status.iter().all(|one| one.state == "applied"),
        "{status:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_another_process_runs_is_told_from_one_that_was_cut_off() {
    let url = database().await;
    let patient = MySqlDb::connect(&config(&url)).await.unwrap();
    let impatient = DatabaseConfig {
        connect_timeout: Duration::from_millis(300),
        ..config(&url)
    };
    let impatient = MySqlDb::connect(&impatient).await.unwrap();
    let outside = Resource {
        path: "migrations/0001_outside.sql",
        contents: "-- no-transaction\nDO SLEEP(2);\nCREATE TABLE a (id int);",
    };
    let migrations = Migrations::embedded(&[outside], "mysql").unwrap();
    let states = async || -> Vec<String> {
        let status = crate::migrate::status(patient.pool(), &migrations).await;
        status.unwrap().into_iter().map(|one| one.state).collect()
    };
    assert_eq!(states().await, ["pending"]);
    let mut running = tokio::task::JoinSet::new();
    running.spawn({
        let (db, migrations) = (patient.clone(), migrations.clone());
        async move { db.migrate(&migrations).await }
    });
    let deadline = Instant::now() + Duration::from_secs(10);
    while states().await != ["applied in part"] {
        assert!(Instant::now() < deadline, "the file does not run");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let error = impatient.migrate(&migrations).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(
        error
            .to_string()
            .contains("another process is still running migrations/0001_outside.sql"),
        "{error}"
    );
    running.join_next().await.unwrap().unwrap().unwrap();
    assert_eq!(states().await, ["applied"]);
    patient
        .execute("UPDATE _sqlx_migrations SET success = FALSE")
        .await
        .unwrap();
    let error = impatient.migrate(&migrations).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal);
    assert!(error.to_string().contains("was stopped"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_server_is_given_up_and_taken_back() {
    let server = tokio::task::spawn_blocking(MariaDb::start);
    let server = server.await.unwrap().unwrap();
    let mut config = config(&server.url());
    config.acquire_timeout = Duration::from_secs(2);
    let db = MySqlDb::connect(&config).await.unwrap();
    db.execute("SELECT 1").await.unwrap();
    server.pause().unwrap();
    let outcomes = futures_util::future::join_all((0..6).map(|_| async {
        let began = Instant::now();
        let outcome = db.execute("SELECT 1").await;
        (outcome.map(|_| ()), began.elapsed())
    }))
    .await;
    for (outcome, took) in outcomes {
        let error = outcome.unwrap_err();
        let kind = crate::kind_of(&error).map(|(kind, _)| kind.status());
        assert_eq!(kind, Some(503), "{error}");
        assert!(took < Duration::from_secs(5), "{took:?}");
    }
    server.resume().unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while db.execute("SELECT 1").await.is_err() {
        assert!(Instant::now() < deadline, "it does not recover");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[test]
fn a_url_is_read_and_never_repeated() {
    let options = target::from_url("mysql://shop:s3cret@db.example:3307/orders").unwrap();
    assert_eq!(target::place(&options), "db.example:3307/orders");
    for wrong in [
        "mysql://shop:s3cret@db.example:port/orders",
        "mysql://shop@db.example/orders?pasword=s3cret",
    ] {
        let message = target::from_url(wrong).unwrap_err();
        assert!(!message.contains("s3cret"), "{message}");
    }
}
