//! What the pool has to know of a database: the part that differs between SQLite, PostgreSQL and MySQL.
//!
//! The trait is public only because it bounds public types; its path is private, so that nobody outside implements it.

use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use sqlx::migrate::Migrate;
use sqlx::{Database, Describe, Either, Error, SqlStr};

use super::Statement;
use crate::migrate::Quoting;

/// What running several statements yields: the end of one, or a row.
pub(crate) type Step<DB> = Either<<DB as Database>::QueryResult, <DB as Database>::Row>;

/// How others see that a migration is being run outside of a transaction, as long as its process lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunShownBy {
    /// By a lock of its own ([`Driver::claim_run`]).
    OwnLock,
    /// By the lock for migrations, which outlives its transaction.
    MigrationLock,
    /// Not at all.
    Nothing,
}

/// A database that the pool works with.
pub trait Driver: Database<Connection: Migrate> {
    /// The label `db_system_name`, in OpenTelemetry's words.
    const SYSTEM: &'static str;

    /// The folder below `migrations/` for files that only this database understands.
    const FOLDER: &'static str;

    /// Whether the database has one writer at a time. The pool then lets writers queue before the database, in the order in
    /// which they came, instead of letting them poll for its lock.
    const ONE_WRITER: bool;

    /// How its texts are quoted, beyond the standard.
    const QUOTING: Quoting;

    /// What a migration that failed leaves, as the end of a sentence.
    const AFTER_A_FAILURE: &'static str;

    /// How a transaction begins that is going to write; `None` for a plain `BEGIN`.
    const BEGIN_TO_WRITE: Option<&'static str>;

    /// How others see that a migration is being run outside of a transaction.
    const RUN_SHOWN_BY: RunShownBy;

    /// Whether there is a server at the other end of a network. Then a connection that was left in the middle of something is
    /// cleaned at once, in the background: its transaction holds locks that others wait for, and nobody may come for this very
    /// connection. And a statement is given up when the server falls silent.
    const REMOTE: bool;

    /// Whether a connection can be cleaned that was left in the middle of a statement.
    const SURVIVES_CANCELLATION: bool;

    /// After how much idleness a connection is pinged before it is used.
    const VALIDATE_AFTER: Duration;

    /// The cheapest statement that shows that the database answers.
    const PROBE: &'static str;

    /// How to connect.
    type Options: Clone + Send + Sync + 'static;

    /// A way to stop what runs on a connection, from outside.
    type Control: Send + Sync + 'static;

    /// Opens a connection. The server cuts its statements off after `statement_timeout`, when it can.
    fn open(
        options: &Self::Options,
        statement_timeout: Option<Duration>,
    ) -> impl Future<Output = Result<(Self::Connection, Self::Control), Error>> + Send;

    /// The same options for migrations: a lock that somebody else holds is waited for that long.
    fn patient(options: &Self::Options, wait: Duration) -> Self::Options;

    /// Where it is, without a user or a password: for logs and errors.
    fn place(options: &Self::Options) -> String;

    /// Takes the lock that keeps others from migrating, inside of the transaction that has just begun, and waits for it that
    /// long. Whatever ends the connection frees it.
    fn lock_migrations(
        connection: &mut Self::Connection,
        wait: Duration,
    ) -> impl Future<Output = Result<(), Error>> + Send;

    /// Takes the lock of [`RunShownBy::OwnLock`] for the rest of the open transaction, without waiting; whether it was free.
    fn claim_run(
        connection: &mut Self::Connection,
    ) -> impl Future<Output = Result<bool, Error>> + Send;

    /// Whether the error says that there is no such table.
    fn is_missing_table(error: &Error) -> bool;

    /// Whether the connection is of no use any more after such an error.
    fn is_broken(error: &Error) -> bool;

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

    /// Whether the database takes the whole transaction back with such an error, or may do so, and would take a statement after it for
    /// one of its own. Not for one that refuses whatever comes after an error. `may_write` is of the statement that failed.
    fn ends_transaction(error: &Error, may_write: bool) -> bool;

    /// Makes sure that a commit will be one, after a statement has failed in the transaction.
    fn before_commit(
        connection: &mut Self::Connection,
    ) -> impl Future<Output = Result<(), Error>> + Send;

    /// How far behind its primary the database is; nothing for one that is no replica.
    fn lag(
        connection: &mut Self::Connection,
    ) -> impl Future<Output = Result<Duration, Error>> + Send;

    /// Where in the text that was sent the error is, in bytes, when the database says so.
    fn position(error: &Error, sql: &str) -> Option<usize>;

    /// Whether connecting again may help.
    fn is_transient(error: &Error) -> bool;

    /// Whether the database has refused the credentials: others may be let in.
    fn is_refused(error: &Error) -> bool;

    /// [`sqlx::Executor::execute`] of the connection.
    fn execute<'e>(
        connection: &'e mut Self::Connection,
        statement: &'e mut Statement<Self>,
    ) -> BoxFuture<'e, Result<Self::QueryResult, Error>>;

    /// [`sqlx::Executor::fetch_many`] of the connection.
    fn fetch_many(
        connection: &mut Self::Connection,
        statement: Statement<Self>,
    ) -> BoxStream<'_, Result<Step<Self>, Error>>;

    /// [`sqlx::Executor::fetch_all`] of the connection.
    fn fetch_all<'e>(
        connection: &'e mut Self::Connection,
        statement: &'e mut Statement<Self>,
    ) -> BoxFuture<'e, Result<Vec<Self::Row>, Error>>;

    /// [`sqlx::Executor::fetch_optional`] of the connection.
    fn fetch_optional<'e>(
        connection: &'e mut Self::Connection,
        statement: &'e mut Statement<Self>,
    ) -> BoxFuture<'e, Result<Option<Self::Row>, Error>>;

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
