//! What the pool has to know of a database: the part that differs between SQLite, PostgreSQL and MySQL.
//!
//! The trait is public only because it bounds public types; its path is private, so that nobody outside implements it.

use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use sqlx::migrate::Migrate;
use sqlx::{Database, Describe, Either, Error, SqlStr};

use super::Statement;

/// What running several statements yields: the end of one, or a row.
pub(crate) type Step<DB> = Either<<DB as Database>::QueryResult, <DB as Database>::Row>;

/// A database that the pool works with.
pub trait Driver: Database<Connection: Migrate> {
    /// The label `db_system_name`, and the folder below `migrations/`.
    const SYSTEM: &'static str;

    /// Whether the database has one writer at a time. The pool then lets writers queue before the database, in the order in
    /// which they came, instead of letting them poll for its lock.
    const ONE_WRITER: bool;

    /// How a transaction begins that is going to write; `None` for a plain `BEGIN`.
    const BEGIN_TO_WRITE: Option<&'static str>;

    /// Whether a connection that was left in the middle of something is worth keeping: it can be told to give up without
    /// waiting for it, and cleaned by whoever comes next.
    const KEEPS_ABANDONED: bool;

    /// The cheapest statement that shows that the database answers.
    const PROBE: &'static str;

    /// How to connect.
    type Options: Clone + Send + Sync + 'static;

    /// A way to stop what runs on a connection, from outside.
    type Control: Send + Sync + 'static;

    /// Opens a connection.
    fn open(
        options: &Self::Options,
    ) -> impl Future<Output = Result<(Self::Connection, Self::Control), Error>> + Send;

    /// The same options for migrations: a lock that somebody else holds is waited for that long.
    fn patient(options: &Self::Options, wait: Duration) -> Self::Options;

    /// A statement is about to run, with that limit.
    fn started(control: &Self::Control, limit: Option<Duration>);

    /// It is over.
    fn finished(control: &Self::Control);

    /// Stops what runs, and whatever is still in the queue, until [`Driver::clean`]. Does not wait.
    fn interrupt(control: &Self::Control);

    /// Begins to take back what may be left open on the connection, without waiting.
    fn abandon(connection: &mut Self::Connection);

    /// Waits until nothing runs on the connection, and rolls back whatever is open.
    fn clean<'e>(
        connection: &'e mut Self::Connection,
        control: &'e Self::Control,
    ) -> impl Future<Output = Result<(), Error>> + Send + 'e;

    /// Whether connecting again may help.
    fn is_transient(error: &Error) -> bool;

    /// [`sqlx::Executor::execute`] of the connection.
    fn execute(
        connection: &mut Self::Connection,
        statement: Statement<Self>,
    ) -> BoxFuture<'_, Result<Self::QueryResult, Error>>;

    /// [`sqlx::Executor::fetch_many`] of the connection.
    fn fetch_many(
        connection: &mut Self::Connection,
        statement: Statement<Self>,
    ) -> BoxStream<'_, Result<Step<Self>, Error>>;

    /// [`sqlx::Executor::fetch_all`] of the connection.
    fn fetch_all(
        connection: &mut Self::Connection,
        statement: Statement<Self>,
    ) -> BoxFuture<'_, Result<Vec<Self::Row>, Error>>;

    /// [`sqlx::Executor::fetch_optional`] of the connection.
    fn fetch_optional(
        connection: &mut Self::Connection,
        statement: Statement<Self>,
    ) -> BoxFuture<'_, Result<Option<Self::Row>, Error>>;

    /// [`sqlx::Executor::prepare_with`] of the connection.
    fn prepare<'e>(
        connection: &'e mut Self::Connection,
        sql: SqlStr,
        parameters: &'e [Self::TypeInfo],
    ) -> BoxFuture<'e, Result<Self::Statement, Error>>;

    /// `sqlx::Executor::describe` of the connection.
    fn describe(
        connection: &mut Self::Connection,
        sql: SqlStr,
    ) -> BoxFuture<'_, Result<Describe<Self>, Error>>;
}
