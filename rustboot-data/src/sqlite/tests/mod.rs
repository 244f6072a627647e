//! Real files in temporary folders.

mod cancel;
mod config;
mod executor;
mod memory;
mod observed;
mod pool;
mod start;

use std::time::Duration;

use sqlx::sqlite::SqliteQueryResult;
use tempfile::TempDir;

use super::*;

/// A database in a file of its own, with a table `item (id, name UNIQUE)`.
pub(super) struct Fixture {
    pub(super) db: SqliteDb,
    pub(super) dir: TempDir,
}

pub(super) fn policy() -> Policy {
    Policy {
        name: "database".to_owned(),
        max_connections: 4,
        acquire_timeout: Duration::from_secs(5),
        connect_timeout: Duration::from_secs(5),
        statement_timeout: None,
        slow_query: Duration::from_millis(200),
        validate_after: Sqlite::VALIDATE_AFTER,
    }
}

pub(super) async fn fixture(policy: Policy) -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let db = open(&dir, policy).await;
    sqlx::query(
        "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE CHECK (name <> ''))",
    )
    .execute(&db)
    .await
    .unwrap();
    Fixture { db, dir }
}

/// Another `SqliteDb` on the same file, as another process would have.
pub(super) async fn open(dir: &TempDir, policy: Policy) -> SqliteDb {
    SqliteDb::open_with(Target::file(dir.path().join("data/test.db")), policy)
        .await
        .unwrap()
}

pub(super) async fn count(db: &SqliteDb) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM item")
        .fetch_one(db)
        .await
        .unwrap()
}

pub(super) async fn insert(db: &SqliteDb, name: &str) -> sqlx::Result<SqliteQueryResult> {
    sqlx::query("INSERT INTO item (name) VALUES (?)")
        .bind(name)
        .execute(db)
        .await
}

/// Takes minutes.
pub(super) const ENDLESS: &str = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n WHERE i < 0";
