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

/// What this one runs itself is no waiting.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_file_takes_no_time_from_the_wait_for_the_next_turn() {
    let db = fixture(|config| config.connect_timeout = Duration::from_millis(500)).await;
    let long = Resource {
        path: "migrations/0001_long.sql",
        contents: "SELECT pg_sleep(1); CREATE TABLE thing (id int);",
    };
    let next = Resource {
        path: "migrations/0002_next.sql",
        contents: "INSERT INTO thing VALUES (1);",
    };
    let migrating = tokio::spawn({
        let db = db.clone();
        async move { db.migrate(&of(&[long, next])).await }
    });
    until("the first file runs", async || !lock_is_free(&db).await).await;
    // Another replica, which has the lock between the two files.
    let mut other = db.begin().await.unwrap();
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(MIGRATION_LOCK)
        .execute(&mut *other)
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    other.commit().await.unwrap();
    migrating.await.unwrap().unwrap();
    assert_eq!(things(&db).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_another_process_runs_is_told_from_one_that_was_cut_off() {
    let url = server::shared().await.database().await;
    let patient = PgDb::connect(&config(&url)).await.unwrap();
    let mut config = config(&url);
    config.connect_timeout = Duration::from_millis(300);
    let impatient = PgDb::connect(&config).await.unwrap();
    let outside = Resource {
        path: "migrations/0002_outside.sql",
        contents: "-- no-transaction\nSELECT pg_sleep(2);\nINSERT INTO thing VALUES (2);",
    };
    let migrations = of(&[ITEM, outside]);
    let running = tokio::spawn({
        let (db, migrations) = (patient.clone(), migrations.clone());
        async move { db.migrate(&migrations).await }
    });
    until("the second file runs", async || {
        let unfinished = "SELECT count(*) FROM _sqlx_migrations WHERE NOT success";
        let unfinished: sqlx::Result<i64> =
            sqlx::query_scalar(unfinished).fetch_one(&patient).await;
        unfinished.is_ok_and(|count| count == 1)
    })
    .await;
    let error = impatient.migrate(&migrations).await.unwrap_err();
    assert_eq!(error.kind(), rustboot_core::ErrorKind::Unavailable);
    let text = error.to_string();
    assert!(
        text.contains("another process is still running migrations/0002_outside.sql"),
        "{text}"
    );
    // Who has the time waits for it, and has nothing left to do.
    patient.migrate(&migrations).await.unwrap();
    running.await.unwrap().unwrap();
    assert_eq!(things(&patient).await, 2);
    // The same row, and nobody who would finish it.
    sqlx::query("UPDATE _sqlx_migrations SET success = FALSE WHERE version = 2")
        .execute(&patient)
        .await
        .unwrap();
    let began = std::time::Instant::now();
    let error = patient.migrate(&migrations).await.unwrap_err();
    assert_eq!(error.kind(), rustboot_core::ErrorKind::Internal);
    assert!(error.to_string().contains("applied in part"), "{error}");
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "it waited for nobody"
    );
}

#[tokio::test]
async fn the_file_is_named_when_the_connection_dies_or_the_commit_fails() {
    let db = fixture(|_| {}).await;
    let dies = Resource {
        path: "migrations/0002_dies.sql",
        contents: "-- no-transaction\nINSERT INTO thing VALUES (2);\nSELECT pg_terminate_backend(pg_backend_pid());",
    };
    let error = db.migrate(&of(&[ITEM, dies])).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("0002_dies.sql:3, statement 2"), "{text}");
    assert!(text.contains("terminating connection"), "{text}");
    assert!(text.contains("delete the row"), "{text}");
    sqlx::query("DELETE FROM _sqlx_migrations WHERE version = 2")
        .execute(&db)
        .await
        .unwrap();

    let deferred = Resource {
        path: "migrations/0002_deferred.sql",
        contents: "CREATE TABLE part (thing int REFERENCES thing DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO part VALUES (99);",
    };
    let error = db.migrate(&of(&[ITEM, deferred])).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("migrations/0002_deferred.sql"), "{text}");
    assert!(
        text.contains("COMMIT") && text.contains("rolled back"),
        "{text}"
    );
    assert!(text.contains("part_thing_fkey"), "{text}");
    assert!(lock_is_free(&db).await);
}

#[tokio::test]
async fn a_status_that_cannot_be_read_is_an_error() {
    let db = fixture(|_| {}).await;
    let migrations = of(&[ITEM]);
    db.migrate(&migrations).await.unwrap();
    let options = db.0.pool.options();
    let (port, database) = (options.get_port(), options.get_database().unwrap());
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
        "CREATE ROLE {database}_nobody LOGIN PASSWORD 'x'"
    )))
    .execute(&db)
    .await
    .unwrap();
    let url = format!("postgres://{database}_nobody:x@127.0.0.1:{port}/{database}");
    let nobody = PgDb::connect(&config(&url)).await.unwrap();
    let error = crate::migrate::status(nobody.pool(), &migrations)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("permission denied"), "{error}");
}
