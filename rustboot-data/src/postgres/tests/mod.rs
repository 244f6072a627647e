//! Against real servers.
#![allow(
    clippy::disallowed_methods,
    reason = "tests start tasks that no application waits for, and are told by a variable how long to run"
)]

mod cancel;
mod lost;
mod migrations;
mod plain;
mod pool;
mod replicas;
mod server;
mod start;
#[cfg(feature = "tls")]
mod tls;

use std::time::Duration;

use sqlx::postgres::PgQueryResult;

use super::*;
use crate::DatabaseConfig;

pub(super) fn config(url: &str) -> DatabaseConfig {
    DatabaseConfig {
        url: Some(url.to_owned().into()),
        max_connections: 4,
        ..DatabaseConfig::default()
    }
}

/// A database of its own on the shared server, with a table `item (id, name UNIQUE)`.
pub(super) async fn fixture(change: impl FnOnce(&mut DatabaseConfig)) -> PgDb {
    let url = server::shared().await.database().await;
    let mut config = config(&url);
    change(&mut config);
    let db = PgDb::connect(&config).await.unwrap();
    make_table(&db).await;
    db
}

pub(super) async fn make_table(db: &PgDb) {
    sqlx::query(
        "CREATE TABLE item (id serial PRIMARY KEY, name text NOT NULL UNIQUE CHECK (name <> ''))",
    )
    .execute(db)
    .await
    .unwrap();
}

pub(super) async fn count(db: &PgDb) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM item")
        .fetch_one(db)
        .await
        .unwrap()
}

pub(super) async fn insert(db: &PgDb, name: &str) -> sqlx::Result<PgQueryResult> {
    sqlx::query("INSERT INTO item (name) VALUES ($1)")
        .bind(name)
        .execute(db)
        .await
}

/// Waits for something, with a deadline that a busy machine keeps.
pub(super) async fn until<Fut: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> Fut) {
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    while !holds().await {
        assert!(std::time::Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
