//! PostgreSQL: [`PgDb`], what it is connected with, and how it takes part in the pool.

pub(crate) mod code;
pub(crate) mod driver;
pub(crate) mod target;
#[cfg(test)]
mod tests;

use sqlx::Postgres;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::server::server_database;

server_database! {
    /// A PostgreSQL database: a component, an extractor, and an sqlx executor. Cloning copies a pointer.
    ///
    /// ```no_run
    /// # async fn f(db: rustboot_data::PgDb) -> rustboot_core::Result<()> {
    /// let names: Vec<(String,)> = sqlx::query_as("SELECT name FROM item WHERE price < $1")
    ///     .bind(100)
    ///     .fetch_all(&db)
    ///     .await?;
    ///
    /// let mut tx = db.begin().await?;
    /// sqlx::query("INSERT INTO item (name) VALUES ($1)").bind("pen").execute(&mut *tx).await?;
    /// tx.commit().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// `&db` runs each statement on a connection of its own, in one round trip once the connection has prepared it. The
    /// connection is back in the pool when the statement ends. When its future or stream is dropped before, the connection is
    /// cleaned by a task of its own; a statement that goes on for longer than 250 ms is cut off together with its connection,
    /// which a server from version 14 on notices within a second.
    ///
    /// What a session keeps stays with its connection, as in every pool: `SET` without `LOCAL`, temporary tables, session-level
    /// advisory locks, `PREPARE`. Use `SET LOCAL` in a transaction, or [`PgDb::acquire`] and reset it. `LISTEN` is taken back; use
    /// sqlx's `PgListener` on [`PgDb::sqlx_pool`] for that.
    PgDb: Postgres,
    options: PgConnectOptions,
    pool_options: PgPoolOptions,
    from_url: target::from_url,
    with_name: |options, name| match options.get_application_name() {
        Some(_) => options,
        None => options.application_name(name),
    },
    limit_statements: driver::limit_statements,
}
