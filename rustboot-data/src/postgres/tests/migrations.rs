//! Under the lock, on a real server.

use rustboot_core::app::Resource;

use super::driver::MIGRATION_LOCK;
use super::*;
use crate::Migrations;

const ITEM: Resource = Resource {
    path: "migrations/0001_item.sql",
    contents: "CREATE TABLE thing (id int PRIMARY KEY);\nINSERT INTO thing VALUES (1);",
};

fn of(resources: &[Resource]) -> Migrations {
    Migrations::embedded(resources, "postgres").unwrap()
}

async fn things(db: &PgDb) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM thing")
        .fetch_one(db)
        .await
        .unwrap()
}

async fn lock_is_free(db: &PgDb) -> bool {
    // Given back by the end of the statement.
    sqlx::query_scalar("SELECT pg_try_advisory_xact_lock($1)")
        .bind(MIGRATION_LOCK)
        .fetch_one(db)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_may_start_at_once() {
    let url = server::shared().await.database().await;
    let outside = Resource {
        path: "migrations/0002_index.sql",
        contents: "-- no-transaction\nCREATE INDEX CONCURRENTLY thing_id ON thing (id);\nINSERT INTO thing VALUES (2);",
    };
    let mut set = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let url = url.clone();
        set.spawn(async move {
            let db = PgDb::connect(&config(&url)).await.unwrap();
            db.migrate(&of(&[ITEM, outside])).await.unwrap();
            db.close(Duration::from_secs(5)).await.unwrap();
        });
    }
    while let Some(ended) = set.join_next().await {
        ended.unwrap();
    }
    let db = PgDb::connect(&config(&url)).await.unwrap();
    assert_eq!(things(&db).await, 2);
    assert!(lock_is_free(&db).await);
    // sqlx's own runner agrees.
    let applied: i64 = sqlx::query_scalar("SELECT count(*) FROM _sqlx_migrations WHERE success")
        .fetch_one(&db)
        .await
        .unwrap();
    assert_eq!(applied, 2);
}

#[tokio::test]
async fn a_failing_file_is_named_with_its_statement_and_leaves_no_lock() {
    let db = fixture(|_| {}).await;
    for (contents, place, reason) in [
        // Found before anything runs.
        (
            "SELECT 1;\n\nCRATE TABLE x (id int);\n",
            "0002_b.sql:3, statement 2 (`CRATE TABLE x (id int)`)",
            "syntax error",
        ),
        // Found when it runs, with a place in the text.
        (
            "SELECT 1;\nSELECT nonsense;\n",
            "0002_b.sql:2, statement 2",
            "nonsense",
        ),
        // Found when it runs, without one.
        (
            "CREATE TABLE other (id int);\nINSERT INTO thing VALUES (7);\nINSERT INTO thing VALUES (1);",
            "0002_b.sql:3, statement 3",
            "duplicate key",
        ),
        // In a function.
        (
            "DO $$ BEGIN PERFORM 1; PERFORM 1 / 0; END $$;",
            "0002_b.sql:1, statement 1",
            "division by zero",
        ),
    ] {
        let broken = Resource {
            path: "migrations/0002_b.sql",
            contents,
        };
        let error = db
            .migrate(&of(&[ITEM, broken]))
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains(place) && error.contains(reason), "{error}");
        assert!(error.contains("rolled back"), "{error}");
        assert!(lock_is_free(&db).await);
        assert_eq!(things(&db).await, 1);
    }
    let outside = Resource {
        path: "migrations/0002_b.sql",
        contents: "-- no-transaction\nINSERT INTO thing VALUES (2);\nSELECT nonsense;",
    };
    let error = db
        .migrate(&of(&[ITEM, outside]))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("0002_b.sql:3, statement 2") && error.contains("stays"),
        "{error}"
    );
    assert!(lock_is_free(&db).await);
    let status = crate::migrate::status(db.pool(), &of(&[ITEM, outside]))
        .await
        .unwrap();
    let states: Vec<_> = status
        .iter()
        .map(|one| (one.version, one.state.as_str()))
        .collect();
    assert_eq!(states, [(1, "applied"), (2, "pending")]);
}

#[tokio::test]
async fn a_lock_that_stays_taken_is_not_waited_for_for_ever() {
    let db = fixture(|config| config.connect_timeout = Duration::from_millis(300)).await;
    let mut tx = db.begin().await.unwrap();
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(MIGRATION_LOCK)
        .execute(&mut *tx)
        .await
        .unwrap();
    let error = db.migrate(&of(&[ITEM])).await.unwrap_err();
    assert_eq!(error.kind(), rustboot_core::ErrorKind::Unavailable);
    drop(tx);
    until("the lock comes free", async || {
        db.migrate(&of(&[ITEM])).await.is_ok()
    })
    .await;
}

#[tokio::test]
async fn the_status_changes_nothing() {
    let db = fixture(|_| {}).await;
    let migrations = of(&[ITEM]);
    let states = async || -> Vec<String> {
        let status = crate::migrate::status(db.pool(), &migrations)
            .await
            .unwrap();
        status.into_iter().map(|one| one.state).collect()
    };
    assert_eq!(states().await, ["pending"]);
    let tables = "SELECT count(*) FROM pg_tables WHERE tablename = '_sqlx_migrations'";
    let tables: i64 = sqlx::query_scalar(tables).fetch_one(&db).await.unwrap();
    assert_eq!(tables, 0);
    db.migrate(&migrations).await.unwrap();
    assert_eq!(states().await, ["applied"]);
}
