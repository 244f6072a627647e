//! Every form in which sqlx runs a statement.

use futures_util::{StreamExt as _, TryStreamExt as _};
use sqlx::{Connection as _, Executor as _, Row as _, SqlStr, Statement as _};

use super::*;
use rustboot_core::component::Inject;

#[tokio::test]
async fn all_forms_work_and_give_the_connection_back() {
    let Fixture { db, dir: _dir } = fixture(policy()).await;
    for name in ["a", "b", "c"] {
        assert_eq!(insert(&db, name).await.unwrap().rows_affected(), 1);
    }
    let all: Vec<(i64, String)> = sqlx::query_as("SELECT id, name FROM item ORDER BY id")
        .fetch_all(&db)
        .await
        .unwrap();
    assert_eq!(all.len(), 3);
    let one = sqlx::query("SELECT name FROM item WHERE id = ?")
        .bind(2)
        .fetch_one(&db)
        .await
        .unwrap();
    assert_eq!(one.get::<String, _>(0), "b");
    let none = sqlx::query("SELECT name FROM item WHERE id = 9")
        .fetch_optional(&db)
        .await
        .unwrap();
    assert!(none.is_none());
    let missing = sqlx::query("SELECT name FROM item WHERE id = 9")
        .fetch_one(&db)
        .await;
    assert!(matches!(missing, Err(sqlx::Error::RowNotFound)));

    let names: Vec<String> = sqlx::query_scalar("SELECT name FROM item ORDER BY id")
        .fetch(&db)
        .try_collect()
        .await
        .unwrap();
    assert_eq!(names, ["a", "b", "c"]);

    let results: Vec<_> =
        sqlx::raw_sql("INSERT INTO item (name) VALUES ('d'); SELECT name FROM item;")
            .fetch_many(&db)
            .try_collect()
            .await
            .unwrap();
    assert_eq!(results.iter().filter(|r| r.is_right()).count(), 4);
    assert_eq!(results.iter().filter(|r| r.is_left()).count(), 2);

    let returned: i64 = sqlx::query_scalar("INSERT INTO item (name) VALUES ('e') RETURNING id")
        .fetch_one(&db)
        .await
        .unwrap();
    assert_eq!(returned, 5);

    let statement = db
        .prepare(SqlStr::from_static(
            "SELECT id, name FROM item WHERE id = ?",
        ))
        .await
        .unwrap();
    assert_eq!(statement.columns().len(), 2);
    let row = statement.query().bind(1).fetch_one(&db).await.unwrap();
    assert_eq!(row.get::<String, _>("name"), "a");

    let described = (&db)
        .describe(SqlStr::from_static("SELECT id, name FROM item"))
        .await
        .unwrap();
    assert_eq!(described.columns().len(), 2);

    let injected = Inject::from(std::sync::Arc::new(db.clone()));
    sqlx::query("DELETE FROM item")
        .execute(&*injected)
        .await
        .unwrap();
    assert_eq!(count(db.read()).await, 0);
    assert_eq!(db.status().in_use, 0);
}

#[tokio::test]
async fn a_stream_holds_its_connection_until_its_end_or_its_drop() {
    let Fixture { db, dir: _dir } = fixture(Policy {
        max_connections: 1,
        ..policy()
    })
    .await;
    for name in ["a", "b", "c"] {
        insert(&db, name).await.unwrap();
    }
    let mut rows = sqlx::query("SELECT name FROM item").fetch(&db);
    assert_eq!(
        db.status().in_use,
        0,
        "nothing happens before the first poll"
    );
    rows.next().await.unwrap().unwrap();
    assert_eq!(db.status().in_use, 1);
    drop(rows);
    assert_eq!(db.status().in_use, 0);
    assert_eq!(count(&db).await, 3);

    let mut rows = sqlx::query("SELECT name FROM item").fetch(&db);
    while rows.next().await.is_some() {}
    assert_eq!(db.status().in_use, 0, "the end gives it back, not the drop");
    drop(rows);

    let mut rows = sqlx::query("SELECT nonsense FROM item").fetch(&db);
    assert!(rows.next().await.unwrap().is_err());
    assert!(rows.next().await.is_none());
    assert_eq!(db.status().in_use, 0);
}

#[tokio::test]
async fn a_transaction_commits_rolls_back_and_nests() {
    let Fixture { db, dir: _dir } = fixture(policy()).await;
    let mut tx = db.begin().await.unwrap();
    sqlx::query("INSERT INTO item (name) VALUES ('a')")
        .execute(&mut *tx)
        .await
        .unwrap();
    // The sqlx connection itself, where a function wants that.
    async fn plain(connection: &mut SqliteConnection) {
        sqlx::query("INSERT INTO item (name) VALUES ('b')")
            .execute(connection)
            .await
            .unwrap();
    }
    plain(&mut tx).await;
    let mut inner = tx.begin().await.unwrap();
    plain_insert(&mut inner, "c").await;
    inner.rollback().await.unwrap();
    assert_eq!(count(&db).await, 0, "readers see the state before");
    tx.commit().await.unwrap();
    assert_eq!(count(&db).await, 2);

    let mut tx = db.begin().await.unwrap();
    plain_insert(&mut tx, "d").await;
    tx.rollback().await.unwrap();
    assert_eq!(count(&db).await, 2);

    {
        let mut tx = db.begin().await.unwrap();
        plain_insert(&mut tx, "e").await;
    }
    assert_eq!(count(&db).await, 2);
    assert_eq!(db.status().in_use, 0);
}

#[tokio::test]
async fn a_reading_transaction_sees_one_state_and_stops_nobody() {
    let Fixture { db, dir: _dir } = fixture(policy()).await;
    let mut reading = db.begin_read().await.unwrap();
    let seen: i64 = sqlx::query_scalar("SELECT count(*) FROM item")
        .fetch_one(&mut *reading)
        .await
        .unwrap();
    insert(&db, "a").await.unwrap();
    let again: i64 = sqlx::query_scalar("SELECT count(*) FROM item")
        .fetch_one(&mut *reading)
        .await
        .unwrap();
    assert_eq!((seen, again), (0, 0));
    drop(reading);
    assert_eq!(count(&db).await, 1);
}

#[tokio::test]
async fn errors_mean_what_http_users_expect() {
    use rustboot_core::ErrorKind as K;
    let Fixture { db, dir: _dir } = fixture(policy()).await;
    sqlx::raw_sql(
        "CREATE TABLE part (item INTEGER NOT NULL REFERENCES item (id));
         CREATE TABLE strict_one (n INTEGER) STRICT;",
    )
    .execute(&db)
    .await
    .unwrap();
    insert(&db, "a").await.unwrap();
    for (sql, kind) in [
        ("INSERT INTO item (name) VALUES ('a')", Some(K::Conflict)),
        (
            "INSERT INTO item (id, name) VALUES (1, 'b')",
            Some(K::Conflict),
        ),
        ("INSERT INTO item (name) VALUES (NULL)", Some(K::Invalid)),
        ("INSERT INTO item (name) VALUES ('')", Some(K::Invalid)),
        ("INSERT INTO part (item) VALUES (99)", Some(K::Conflict)),
        ("INSERT INTO strict_one VALUES ('canary')", Some(K::Invalid)),
        ("SELECT canary FROM item", None),
    ] {
        let error = sqlx::query(sqlx::AssertSqlSafe(sql))
            .fetch_one(&db)
            .await
            .unwrap_err();
        let found = crate::kind_of(&error);
        assert_eq!(found.map(|(kind, _)| kind), kind, "{sql}: {error}");
        let passed_on = rustboot_core::Error::from(error).context("on the way");
        let classified = crate::classify(&passed_on);
        assert_eq!(classified.as_ref().map(|c| c.kind), kind);
        assert!(
            !classified.is_some_and(|c| c.detail.contains("item") || c.detail.contains("canary"))
        );
    }
    let closed = rustboot_core::Error::from(sqlx::Error::PoolTimedOut);
    assert_eq!(crate::classify(&closed).unwrap().kind, K::Unavailable);
    assert!(crate::classify(&rustboot_core::Error::internal("x")).is_none());
}

async fn plain_insert(connection: &mut SqliteConnection, name: &str) {
    sqlx::query("INSERT INTO item (name) VALUES (?)")
        .bind(name)
        .execute(connection)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_statement_that_failed_is_taken_back_alone() {
    let Fixture { db, dir: _dir } = fixture(policy()).await;
    insert(&db, "a").await.unwrap();
    let mut tx = db.begin().await.unwrap();
    for (name, fits) in [("b", true), ("a", false), ("c", true)] {
        let inserted = sqlx::query("INSERT INTO item (name) VALUES (?)")
            .bind(name)
            .execute(&mut *tx)
            .await;
        assert_eq!(inserted.is_ok(), fits, "{name}");
    }
    tx.commit().await.unwrap();
    assert_eq!(count(&db).await, 3);
}

/// SQLite ends the transaction when a write in it is interrupted; what came after it would be on its own.
#[tokio::test]
async fn after_an_interrupt_that_was_swallowed_nothing_is_written() {
    let Fixture { db, dir: _dir } = fixture(Policy {
        statement_timeout: Some(Duration::from_millis(200)),
        ..policy()
    })
    .await;
    let mut tx = db.begin().await.unwrap();
    sqlx::query("INSERT INTO item (name) VALUES ('early')")
        .execute(&mut *tx)
        .await
        .unwrap();
    let endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) INSERT INTO item (name) SELECT i FROM n";
    let error = sqlx::query(endless).execute(&mut *tx).await.unwrap_err();
    assert_eq!(crate::kind_of(&error).unwrap().0, ErrorKind::Timeout);
    sqlx::query("INSERT INTO item (name) VALUES ('late')")
        .execute(&mut *tx)
        .await
        .unwrap_err();
    let error = tx.commit().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal, "{error}");
    assert_eq!(count(&db).await, 0);
    insert(&db, "a").await.unwrap();
}
