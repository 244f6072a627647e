//! Load, limits, and the end.

use std::time::Instant;

use futures_util::future::join_all;
use rustboot_core::ErrorKind;

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_tasks_share_four_connections() {
    let Fixture { db, dir: _dir } = fixture(policy()).await;
    let tasks = (0..1000).map(|i| {
        let db = db.clone();
        async move {
            if i % 4 == 0 {
                insert(&db, &format!("n{i}")).await.unwrap();
            } else {
                count(&db).await;
            }
            assert!(db.status().size <= 4);
        }
    });
    let mut set = tokio::task::JoinSet::new();
    for task in tasks {
        set.spawn(task);
    }
    set.join_all().await;
    assert_eq!(count(&db).await, 250);
    let status = db.status();
    assert_eq!((status.in_use, status.waiting, status.max), (0, 0, 4));
    assert!(status.size <= 4);
}

/// Two `SqliteDb` on one file are two processes as far as SQLite is concerned.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_writers_lose_nothing_and_are_never_refused() {
    let Fixture { db, dir } = fixture(policy()).await;
    let other = open(&dir, policy()).await;
    insert(&db, "0").await.unwrap();
    let mut set = tokio::task::JoinSet::new();
    for writer in 0..16 {
        let db = if writer % 2 == 0 {
            db.clone()
        } else {
            other.clone()
        };
        set.spawn(async move {
            for round in 0..20 {
                // Read, then write: with a plain BEGIN this is refused under load.
                let mut tx = db.begin().await.unwrap();
                let value: String = sqlx::query_scalar("SELECT name FROM item WHERE id = 1")
                    .fetch_one(&mut *tx)
                    .await
                    .unwrap();
                let value: u32 = value.parse().unwrap();
                sqlx::query("UPDATE item SET name = ? WHERE id = 1")
                    .bind((value + 1).to_string())
                    .execute(&mut *tx)
                    .await
                    .unwrap();
                tx.commit().await.unwrap();
                insert(&db, &format!("{writer} {round}")).await.unwrap();
            }
        });
    }
    while let Some(ended) = set.join_next().await {
        ended.unwrap();
    }
    let value: String = sqlx::query_scalar("SELECT name FROM item WHERE id = 1")
        .fetch_one(&db)
        .await
        .unwrap();
    assert_eq!(value, "320");
    assert_eq!(count(&db).await, 321);
}

#[tokio::test]
async fn who_waits_too_long_is_told_so() {
    let Fixture { db, dir: _dir } = fixture(Policy {
        max_connections: 1,
        acquire_timeout: Duration::from_millis(50),
        ..policy()
    })
    .await;
    let held = db.acquire().await.unwrap();
    let began = Instant::now();
    let error = db.acquire().await.unwrap_err();
    assert!(began.elapsed() >= Duration::from_millis(50));
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("1 of 1 in use"), "{error}");
    let error = sqlx::query("SELECT 1").execute(&db).await.unwrap_err();
    assert!(matches!(error, sqlx::Error::PoolTimedOut));
    drop(held);
    count(&db).await;
    assert_eq!(db.status().waiting, 0);
}

#[tokio::test]
async fn writers_that_wait_leave_connections_to_readers() {
    let Fixture { db, dir: _dir } = fixture(Policy {
        max_connections: 2,
        acquire_timeout: Duration::from_millis(300),
        ..policy()
    })
    .await;
    let tx = db.begin().await.unwrap();
    let writers = join_all((0..5).map(|i| {
        let db = db.clone();
        async move { insert(&db, &format!("w{i}")).await }
    }));
    let readers = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        for _ in 0..20 {
            count(&db).await;
        }
    };
    let (written, ()) = tokio::join!(writers, readers);
    assert!(
        written.iter().all(Result::is_err),
        "the transaction has the turn"
    );
    drop(tx);
    insert(&db, "later").await.unwrap();
}

#[tokio::test]
async fn a_connection_that_rested_or_failed_is_kept_when_it_answers() {
    let Fixture { db, dir: _dir } = fixture(Policy {
        max_connections: 1,
        validate_after: Duration::ZERO,
        ..policy()
    })
    .await;
    for _ in 0..3 {
        count(&db).await;
    }
    assert_eq!(db.status().size, 1);
    sqlx::query("SELECT nonsense")
        .execute(&db)
        .await
        .unwrap_err();
    count(&db).await;
    assert_eq!(db.status().size, 1);
}

#[tokio::test]
async fn a_statement_has_its_limit() {
    let Fixture { db, dir: _dir } = fixture(Policy {
        max_connections: 1,
        statement_timeout: Some(Duration::from_millis(50)),
        ..policy()
    })
    .await;
    let began = Instant::now();
    let error = sqlx::query(ENDLESS).fetch_one(&db).await.unwrap_err();
    assert!(began.elapsed() < Duration::from_secs(2));
    assert_eq!(crate::kind_of(&error).unwrap().0, ErrorKind::Timeout);
    // In a transaction too, and what follows is not cut.
    let mut tx = db.begin().await.unwrap();
    sqlx::query(ENDLESS).fetch_one(&mut *tx).await.unwrap_err();
    tokio::time::sleep(Duration::from_millis(60)).await;
    sqlx::query("INSERT INTO item (name) VALUES ('a')")
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(count(&db).await, 1);
}

#[tokio::test]
async fn close_waits_for_what_is_out_and_refuses_what_comes() {
    let Fixture { db, dir } = fixture(policy()).await;
    insert(&db, "a").await.unwrap();
    let mut tx = db.begin().await.unwrap();
    let closing = db.clone();
    let (closed, ()) = tokio::join!(closing.close(Duration::from_secs(5)), async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let error = db.acquire().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        sqlx::query("INSERT INTO item (name) VALUES ('b')")
            .execute(&mut *tx)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    });
    closed.unwrap();
    wal_goes(&dir).await;
    assert_eq!(count(&open(&dir, policy()).await).await, 2);
}

#[tokio::test]
async fn close_has_a_limit() {
    let Fixture { db, dir } = fixture(policy()).await;
    let held = db.acquire().await.unwrap();
    let error = db.close(Duration::from_millis(50)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    drop(held);
    wal_goes(&dir).await;
}

#[tokio::test]
async fn the_last_clone_takes_all_sessions_with_it() {
    let Fixture { db, dir } = fixture(policy()).await;
    insert(&db, "a").await.unwrap();
    let tx = db.begin().await.unwrap();
    let held = db.acquire().await.unwrap();
    assert_eq!(db.status().in_use, 2);
    drop(db);
    drop(tx);
    drop(held);
    wal_goes(&dir).await;
}

#[tokio::test]
async fn the_plain_pool_is_the_same_database() {
    let Fixture { db, dir } = fixture(policy()).await;
    insert(&db, "a").await.unwrap();
    let seen: i64 = sqlx::query_scalar("SELECT count(*) FROM item")
        .fetch_one(db.sqlx_pool())
        .await
        .unwrap();
    assert_eq!(seen, 1);
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode")
        .fetch_one(db.sqlx_pool())
        .await
        .unwrap();
    assert_eq!(mode, "wal");
    db.close(Duration::from_secs(5)).await.unwrap();
    assert!(db.sqlx_pool().is_closed());
    wal_goes(&dir).await;
}

/// SQLite removes the log when the last connection of all is closed. Two that close at the same instant take each other for one
/// that stays, and leave it to the next: that is ours, which is the last one only if no session was left behind.
async fn wal_goes(dir: &TempDir) {
    let file = dir.path().join("data/test.db");
    let wal = dir.path().join("data/test.db-wal");
    for _ in 0..200 {
        if !wal.exists() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&file);
        let mut last = sqlx::ConnectOptions::connect(&options).await.unwrap();
        sqlx::query("SELECT count(*) FROM item")
            .execute(&mut last)
            .await
            .unwrap();
        sqlx::Connection::close(last).await.unwrap();
    }
    panic!(
        "a session was left behind: {} is still there",
        wal.display()
    );
}

/// However few of them are open at that moment.
#[tokio::test]
async fn fewer_connections_by_a_reload_are_fewer() {
    let few = |max_connections| Policy {
        max_connections,
        acquire_timeout: Duration::from_millis(200),
        ..policy()
    };
    let Fixture { db, dir: _dir } = fixture(few(10)).await;
    let renew = |max| db.0.pool.renew(db.0.pool.options(), few(max), false);
    let first = db.acquire().await.unwrap();
    assert_eq!(db.status().size, 1);
    renew(2);
    let second = db.acquire().await.unwrap();
    db.acquire().await.unwrap_err();
    assert_eq!((db.status().in_use, db.status().max), (2, 2));
    // Fewer than are out: those that come back first go.
    renew(1);
    drop(first);
    db.acquire().await.unwrap_err();
    drop(second);
    drop(db.acquire().await.unwrap());
    renew(3);
    let all = futures_util::future::join_all((0..3).map(|_| db.acquire())).await;
    assert!(all.iter().all(Result::is_ok));
    db.acquire().await.unwrap_err();
}
