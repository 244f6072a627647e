//! MySQL and MariaDB: [`MySqlDb`], what it is connected with, and how it takes part in the pool.

pub(crate) mod code;
pub(crate) mod driver;
pub(crate) mod target;
#[cfg(test)]
mod tests;

use sqlx::MySql;
use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions};

use crate::server::server_database;

server_database! {
    /// A MySQL or MariaDB database: a component, an extractor, and an sqlx executor. Cloning copies a pointer.
    ///
    /// ```no_run
    /// # async fn f(db: rustboot_data::MySqlDb) -> rustboot_core::Result<()> {
    /// let names: Vec<(String,)> = sqlx::query_as("SELECT name FROM item WHERE price < ?")
    ///     .bind(100)
    ///     .fetch_all(&db)
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// `&db` runs each statement on a connection of its own, in one round trip once the connection has prepared it. A connection
    /// whose statement's future or stream is dropped before its end is closed, and another one takes its place: sqlx's MySQL
    /// protocol does not survive that in every state. The server finishes the statement nevertheless.
    ///
    /// `statement_timeout` becomes MariaDB's `max_statement_time`. MySQL has only `max_execution_time`, which cuts off `SELECT`; for
    /// its other statements the limit holds on our side, a second later, and costs the connection.
    ///
    /// Both commit by themselves at each `CREATE`, `ALTER`, `DROP` and the like, in the middle of a transaction too. So a migration
    /// that fails leaves what its statements before did, and says so: write one such statement a file, or use
    /// `IF NOT EXISTS`, so that the repaired file can run again.
    ///
    /// Session variables that are set stay with the connection, as in every pool.
    MySqlDb: MySql,
    options: MySqlConnectOptions,
    pool_options: MySqlPoolOptions,
    from_url: target::from_url,
    with_name: |options, _| options,
    limit_statements: driver::limit_statements,
}
