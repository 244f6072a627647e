//! Futures that are dropped at any await, and what a session may keep.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Instant;

use futures_util::TryStreamExt as _;
use sqlx::{Connection as _, Executor as _};

use super::*;

/// Drops a future when it has been pending that often, or for that long.
async fn cut_after<T>(pending: usize, micros: u64, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut seen = 0;
    let polled = poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending if seen >= pending => Poll::Ready(None),
        Poll::Pending => {
            seen += 1;
            Poll::Pending
        }
    });
    let limit = Duration::from_micros(micros);
    tokio::time::timeout(limit, polled).await.unwrap_or(None)
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

/// Two rows or none, in each of the ways in which people write transactions; and things that leave a session in a state.
async fn two_rows(db: &PgDb, way: u64, name: String) -> rustboot_core::Result<()> {
    let insert = |suffix: &str| {
        sqlx::query("INSERT INTO item (name) VALUES ($1)").bind(format!("{name} {suffix}"))
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
            let mut tx = connection.begin().await?;
            insert("a").execute(&mut *tx).await?;
            let mut inner = tx.begin().await?;
            insert("b").execute(&mut *inner).await?;
            inner.commit().await?;
            tx.commit().await?;
        }
        // By hand, where nobody counts.
        2 => {
            let mut connection = db.acquire().await?;
            sqlx::query("BEGIN").execute(&mut *connection).await?;
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
        // An error in the middle: the transaction has failed, and its savepoint saves the rest.
        4 => {
            let mut tx = db.begin().await?;
            insert("a").execute(&mut *tx).await?;
            let mut inner = tx.begin().await?;
            insert("a").execute(&mut *inner).await.unwrap_err();
            inner.rollback().await?;
            insert("b").execute(&mut *tx).await?;
            tx.commit().await?;
        }
        // Statements that are prepared for the first time, with answers of several packets.
        5 => {
            let sql = format!(
                "SELECT repeat('x', 500) || '{name}' FROM generate_series(1, 400) WHERE $1 > 0"
            );
            let mut rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(1).fetch(db);
            while rows.try_next().await?.is_some() {}
        }
        // A failing statement that is being prepared, outside and inside of a transaction.
        6 => {
            let sql = format!("SELECT nonsense_{} FROM item WHERE id = $1", way);
            sqlx::query(sqlx::AssertSqlSafe(sql.clone()))
                .bind(1)
                .execute(db)
                .await
                .unwrap_err();
            let mut tx = db.begin().await?;
            insert("a").execute(&mut *tx).await?;
            sqlx::query(sqlx::AssertSqlSafe(sql))
                .bind(1)
                .execute(&mut *tx)
                .await
                .unwrap_err();
        }
        7 => {
            let mut connection = db.acquire().await?;
            let mut copy = connection
                .copy_in_raw("COPY item (name) FROM STDIN")
                .await?;
            copy.send(format!("{name} a\n").as_bytes()).await?;
            copy.send(format!("{name} b\n").as_bytes()).await?;
            copy.finish().await?;
        }
        8 => {
            let mut connection = db.acquire().await?;
            let mut out = connection
                .copy_out_raw(
                    "COPY (SELECT repeat('x', 999) FROM generate_series(1, 300)) TO STDOUT",
                )
                .await?;
            while out.try_next().await?.is_some() {}
        }
        // One statement that takes its time.
        _ => {
            let mut tx = db.begin().await?;
            insert("a").execute(&mut *tx).await?;
            sqlx::query("SELECT pg_sleep(0.02)")
                .execute(&mut *tx)
                .await?;
            insert("b").execute(&mut *tx).await?;
            tx.commit().await?;
        }
    }
    Ok(())
}

async fn assert_clean(db: &PgDb) {
    let odd: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM (SELECT 1 FROM item GROUP BY split_part(name, ' ', 1) HAVING count(*) <> 2) AS odd",
    )
    .fetch_one(db)
    .await
    .unwrap();
    assert_eq!(odd, 0, "half of a pair was written");
}

/// The next user of every connection is in no transaction, and gets the answers to its own questions.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_cancelled_statements_leave_nothing() {
    let rounds: u64 =
        std::env::var("RUSTBOOT_TEST_ROUNDS").map_or(150, |rounds| rounds.parse().unwrap());
    let db = fixture(|config| config.max_connections = 3).await;
    let mut set = tokio::task::JoinSet::new();
    for lane in 0..6_u64 {
        let db = db.clone();
        set.spawn(async move {
            let mut dice = Dice(lane * 7919 + 1);
            let mut done = 0;
            for round in 0..rounds {
                let way = dice.roll(10);
                let pending = dice.roll(12) as usize;
                let micros = [50, 200, 1000, 5000, 1_000_000][dice.roll(5) as usize];
                let name = format!("{lane}-{round}");
                if let Some(result) = cut_after(pending, micros, two_rows(&db, way, name)).await {
                    result.unwrap();
                    done += 1;
                }
                // Whatever comes out of the pool answers what it is asked.
                let question = format!("{lane}.{round}");
                let answer: String = sqlx::query_scalar("SELECT $1::text")
                    .bind(&question)
                    .fetch_one(&db)
                    .await
                    .unwrap();
                assert_eq!(answer, question);
                if round % 3 == 0 {
                    // Only a connection that is in a transaction can do that.
                    let savepoint = db.execute("SAVEPOINT somebody_elses").await;
                    let error = savepoint.unwrap_err().into_database_error().unwrap();
                    assert_eq!(error.code().unwrap(), "25P01", "{error}");
                }
                if round % 10 == 0 {
                    assert_clean(&db).await;
                }
            }
            done
        });
    }
    let done: u64 = set.join_all().await.into_iter().sum();
    assert!(done > 0 && done < 6 * rounds, "{done} ran to their end");
    until("all connections come back", async || {
        db.status().in_use == 0
    })
    .await;
    assert_clean(&db).await;
    db.begin().await.unwrap().commit().await.unwrap();
}

#[tokio::test]
async fn the_locks_of_a_dropped_transaction_are_free_at_once() {
    let db = fixture(|_| {}).await;
    insert(&db, "a").await.unwrap();
    for by_hand in [false, true] {
        let lock = "UPDATE item SET name = name WHERE name = 'a'";
        if by_hand {
            let mut connection = db.acquire().await.unwrap();
            sqlx::query("BEGIN")
                .execute(&mut *connection)
                .await
                .unwrap();
            sqlx::query(lock).execute(&mut *connection).await.unwrap();
        } else {
            let mut tx = db.begin().await.unwrap();
            sqlx::query(lock).execute(&mut *tx).await.unwrap();
        }
        // From another pool: nobody asks for that very connection.
        let limit = Duration::from_secs(10);
        let other = sqlx::query(lock).execute(db.sqlx_pool());
        tokio::time::timeout(limit, other).await.unwrap().unwrap();
        // Free for others at once, and back in the pool a round trip later.
        until("the connection is back", async || db.status().in_use == 0).await;
    }
    assert_eq!(db.status().size, 1, "the connection was worth keeping");
}

#[tokio::test]
async fn a_statement_that_nobody_waits_for_ends_on_the_server() {
    let db = fixture(|config| config.max_connections = 1).await;
    let limit = Duration::from_millis(50);
    let endless = sqlx::query("SELECT pg_sleep(600)").execute(&db);
    tokio::time::timeout(limit, endless).await.unwrap_err();
    // Others do not wait for it.
    let began = Instant::now();
    assert_eq!(count(&db).await, 0);
    assert!(began.elapsed() < Duration::from_secs(4));
    let running = async || {
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'SELECT pg_sleep%'";
        let running: i64 = sqlx::query_scalar(sql).fetch_one(&db).await.unwrap();
        running == 0
    };
    until("the server gives up the statement", running).await;
}

#[tokio::test]
async fn copy_without_an_end_and_listen_cost_the_next_user_nothing() {
    let db = fixture(|config| config.max_connections = 1).await;
    // As a plain statement, sqlx does not understand the answer.
    db.execute("COPY item (name) FROM STDIN").await.unwrap_err();
    assert_eq!(count(&db).await, 0);
    let mut connection = db.acquire().await.unwrap();
    let mut copy = connection
        .copy_in_raw("COPY item (name) FROM STDIN")
        .await
        .unwrap();
    copy.send(&b"half\n"[..]).await.unwrap();
    drop(copy);
    drop(connection);
    assert_eq!(count(&db).await, 0);
    db.execute("LISTEN news").await.unwrap();
    for round in 0..5 {
        db.sqlx_pool().execute("NOTIFY news, 'x'").await.unwrap();
        tokio::time::sleep(Duration::from_millis(10)).await;
        insert(&db, &format!("{round}")).await.unwrap();
    }
    assert_eq!(count(&db).await, 5);
}

#[tokio::test]
async fn set_stays_with_the_connection_and_set_local_does_not() {
    let db = fixture(|config| config.max_connections = 1).await;
    let value = async || -> String {
        let sql = "SELECT current_setting('app.tenant', true)";
        let value: Option<String> = sqlx::query_scalar(sql).fetch_one(&db).await.unwrap();
        value.unwrap_or_default()
    };
    let mut tx = db.begin().await.unwrap();
    tx.execute("SET LOCAL app.tenant = 'one'").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(value().await, "");
    db.execute("SET app.tenant = 'two'").await.unwrap();
    assert_eq!(value().await, "two");
}
