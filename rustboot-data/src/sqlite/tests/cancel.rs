//! Futures that are dropped at any await.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Instant;

use sqlx::Connection as _;

use super::*;

/// Drops a future when it has been pending that often.
async fn cut_after<T>(pending: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut seen = 0;
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending if seen >= pending => Poll::Ready(None),
        Poll::Pending => {
            seen += 1;
            Poll::Pending
        }
    })
    .await
}

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

/// Two rows or none, in each of the ways in which people write transactions.
async fn two_rows(db: &SqliteDb, way: u64, name: String) -> rustboot_core::Result<()> {
    let insert = |suffix: &str| {
        sqlx::query("INSERT INTO item (name) VALUES (?)").bind(format!("{name} {suffix}"))
    };
    match way {
        0 => {
            let mut tx = db.begin().await?;
            insert("a").execute(&mut *tx).await?;
            insert("b").execute(&mut *tx).await?;
            tx.commit().await?;
        }
        // sqlx's own, on a connection of ours, with a savepoint.
        1 => {
            let mut connection = db.acquire().await?;
            let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
            insert("a").execute(&mut *tx).await?;
            let mut inner = tx.begin().await?;
            insert("b").execute(&mut *inner).await?;
            inner.commit().await?;
            tx.commit().await?;
        }
        // By hand, where nobody counts.
        2 => {
            let mut connection = db.acquire().await?;
            sqlx::query("BEGIN IMMEDIATE")
                .execute(&mut *connection)
                .await?;
            insert("a").execute(&mut *connection).await?;
            insert("b").execute(&mut *connection).await?;
            sqlx::query("COMMIT").execute(&mut *connection).await?;
        }
        3 => {
            let mut tx = db.begin().await?;
            insert("a").execute(&mut *tx).await?;
            insert("b").execute(&mut *tx).await?;
            tx.rollback().await?;
        }
        // A savepoint that is dropped must not be what an earlier cancelled commit makes sqlx ignore.
        4 => {
            let mut tx = db.begin().await?;
            insert("a").execute(&mut *tx).await?;
            let mut inner = tx.begin().await?;
            insert("c").execute(&mut *inner).await?;
            drop(inner);
            insert("b").execute(&mut *tx).await?;
            tx.commit().await?;
        }
        // One statement that takes its time, in a transaction: an interrupt ends the whole of it.
        _ => {
            let mut tx = db.begin().await?;
            insert("a").execute(&mut *tx).await?;
            let mut inner = tx.begin().await?;
            sqlx::query(
                "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
                 INSERT INTO item (name) SELECT ? || max(i) FROM n",
            )
            .bind(format!("{name} b"))
            .execute(&mut *inner)
            .await?;
            inner.commit().await?;
            tx.commit().await?;
        }
    }
    Ok(())
}

/// The next user of every connection is in no transaction, can begin one, and sees pairs only.
async fn assert_clean(db: &SqliteDb) {
    let odd: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM (SELECT 1 FROM item GROUP BY substr(name, 1, instr(name, ' ')) HAVING count(*) <> 2)",
    )
    .fetch_one(db)
    .await
    .unwrap();
    assert_eq!(odd, 0, "half of a pair was written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_cancelled_transactions_leave_nothing() {
    let Fixture { db, dir: _dir } = fixture(Policy {
        max_connections: 2,
        ..policy()
    })
    .await;
    let mut set = tokio::task::JoinSet::new();
    for lane in 0..4_u64 {
        let db = db.clone();
        set.spawn(async move {
            let mut dice = Dice(lane * 7919 + 1);
            let mut done = 0;
            for round in 0..125 {
                let way = dice.roll(6);
                let pending = dice.roll(14) as usize;
                let name = format!("{lane}-{round}");
                if let Some(result) = cut_after(pending, two_rows(&db, way, name)).await {
                    result.unwrap();
                    done += 1;
                }
                if round % 5 == 0 {
                    // Plain SQL: fails on a connection that is in a transaction already.
                    let mut connection = db.acquire().await.unwrap();
                    sqlx::query("BEGIN")
                        .execute(&mut *connection)
                        .await
                        .unwrap();
                    sqlx::query("ROLLBACK")
                        .execute(&mut *connection)
                        .await
                        .unwrap();
                    drop(connection);
                    assert_clean(&db).await;
                }
            }
            done
        });
    }
    let done: usize = set.join_all().await.into_iter().sum();
    assert!(done > 0 && done < 500, "{done} of 500 ran to their end");
    assert_clean(&db).await;
    assert_eq!(db.status().in_use, 0);
    db.begin().await.unwrap().commit().await.unwrap();
}

#[tokio::test]
async fn the_lock_is_free_as_soon_as_a_transaction_is_dropped() {
    let Fixture { db, dir } = fixture(policy()).await;
    let other = open(&dir, policy()).await;
    for by_hand in [false, true] {
        if by_hand {
            let mut connection = db.acquire().await.unwrap();
            sqlx::query("BEGIN IMMEDIATE")
                .execute(&mut *connection)
                .await
                .unwrap();
            drop(connection);
        } else {
            drop(db.begin().await.unwrap());
        }
        // Nobody uses `db` any more; the lock must not wait for that.
        let began = Instant::now();
        insert(&other, if by_hand { "a" } else { "b" })
            .await
            .unwrap();
        assert!(began.elapsed() < Duration::from_secs(1));
    }
}

#[tokio::test]
async fn a_statement_that_nobody_waits_for_is_stopped() {
    let Fixture { db, dir: _dir } = fixture(Policy {
        max_connections: 1,
        ..policy()
    })
    .await;
    let limit = Duration::from_millis(30);
    let began = Instant::now();
    tokio::time::timeout(limit, sqlx::query(ENDLESS).fetch_one(&db))
        .await
        .unwrap_err();
    assert_eq!(count(&db).await, 0);
    // In a transaction, through the measured session and past it.
    for past_it in [false, true] {
        let mut tx = db.begin().await.unwrap();
        sqlx::query("INSERT INTO item (name) VALUES ('a')")
            .execute(&mut *tx)
            .await
            .unwrap();
        let running = async {
            if past_it {
                sqlx::query(ENDLESS).fetch_one(&mut **tx).await
            } else {
                sqlx::query(ENDLESS).fetch_one(&mut *tx).await
            }
        };
        tokio::time::timeout(limit, running).await.unwrap_err();
        drop(tx);
        assert_eq!(count(&db).await, 0);
    }
    assert!(
        began.elapsed() < Duration::from_secs(3),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(db.status().size, 1, "the connection was worth keeping");
}

#[tokio::test]
async fn an_interrupted_write_ends_its_transaction_and_the_connection_goes_on() {
    let Fixture { db, dir: _dir } = fixture(Policy {
        max_connections: 1,
        ..policy()
    })
    .await;
    for _ in 0..3 {
        let mut tx = db.begin().await.unwrap();
        let mut inner = tx.begin().await.unwrap();
        let endless = sqlx::query(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
             INSERT INTO item (name) SELECT 'x' || i FROM n",
        )
        .execute(&mut *inner);
        tokio::time::timeout(Duration::from_millis(30), endless)
            .await
            .unwrap_err();
        drop(inner);
        drop(tx);
        assert_eq!(count(&db).await, 0);
        let mut tx = db.begin().await.unwrap();
        sqlx::query("DELETE FROM item")
            .execute(&mut *tx)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
    assert_eq!(db.status().size, 1);
}

#[tokio::test]
async fn a_connection_that_waits_for_a_foreign_lock_holds_up_nobody() {
    let Fixture { db, dir } = fixture(policy()).await;
    let other = open(&dir, policy()).await;
    let lock = other.begin().await.unwrap();
    // It is abandoned in the middle of SQLite's own waiting, which nothing can interrupt.
    let cut = tokio::time::timeout(Duration::from_millis(50), insert(&db, "a")).await;
    cut.unwrap_err();
    let began = Instant::now();
    assert_eq!(count(&db).await, 0);
    assert!(began.elapsed() < Duration::from_secs(1));
    lock.commit().await.unwrap();
    insert(&db, "b").await.unwrap();
}

/// sqlx expects a rollback after a commit whose end nobody saw, and ignores the next one that comes. When ours did not come,
/// it would be the rollback of somebody's savepoint.
#[tokio::test]
async fn a_commit_that_nobody_waits_for_costs_no_later_savepoint() {
    let Fixture { db, dir: _dir } = fixture(Policy {
        max_connections: 1,
        ..policy()
    })
    .await;
    for round in 0..50 {
        let tx = db.begin().await.unwrap();
        cut_after(0, tx.commit()).await;
        let mut tx = db.begin().await.unwrap();
        sqlx::query("INSERT INTO item (name) VALUES (?)")
            .bind(round)
            .execute(&mut *tx)
            .await
            .unwrap();
        let mut inner = tx.begin().await.unwrap();
        sqlx::query("INSERT INTO item (name) VALUES (?)")
            .bind("lost")
            .execute(&mut *inner)
            .await
            .unwrap();
        drop(inner);
        tx.commit().await.unwrap();
        assert_eq!(count(&db).await, round + 1);
    }
}

#[tokio::test]
async fn a_commit_that_ended_only_a_savepoint_is_no_success() {
    let Fixture { db, dir: _dir } = fixture(policy()).await;
    let mut tx = db.begin().await.unwrap();
    std::mem::forget(tx.begin().await.unwrap());
    sqlx::query("INSERT INTO item (name) VALUES ('a')")
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap_err();
    assert_eq!(count(&db).await, 0);
    insert(&db, "b").await.unwrap();
}
