//! SQLite for the pool.
//!
//! sqlx gives each SQLite connection a thread of its own and a queue of commands. A future that is dropped takes its command
//! not back: it runs, and its result goes nowhere. So "left in the middle" means that commands are still in the queue, and
//! "clean" means that the queue has been worked off and nothing is open.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteQueryResult, SqliteRow, SqliteStatement, SqliteTypeInfo,
};
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, Database, Describe, Either, Error,
    Executor as _, SqlStr, Sqlite, SqliteConnection,
};
use sqlx_core::transaction::TransactionManager;

use super::code;
use super::interrupt::Interrupt;
use crate::migrate::Quoting;
use crate::pool::{Driver, RunShownBy, Statement};

type Manager = <Sqlite as Database>::TransactionManager;

/// sqlx converts the timeout to 32 bits of milliseconds, and panics when it does not fit.
const LONGEST_BUSY_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);

impl Driver for Sqlite {
    const SYSTEM: &'static str = "sqlite";
    const FOLDER: &'static str = "sqlite";
    const ONE_WRITER: bool = true;
    const QUOTING: Quoting = Quoting {
        brackets: true,
        backslashes: false,
    };
    const AFTER_A_FAILURE: &'static str = "it was rolled back as a whole";
    // A plain BEGIN takes the write lock at the first write, and fails at once when somebody else wrote since the first
    // read: no timeout waits for that. IMMEDIATE takes the lock first, and waits for it.
    const BEGIN_TO_WRITE: Option<&'static str> = Some("BEGIN IMMEDIATE");
    const RUN_SHOWN_BY: RunShownBy = RunShownBy::Nothing;
    const REMOTE: bool = false;
    const SURVIVES_CANCELLATION: bool = true;
    const VALIDATE_AFTER: Duration = Duration::from_secs(30);
    // Unlike `SELECT 1`, it reads the file.
    const PROBE: &'static str = "PRAGMA schema_version";

    type Options = SqliteConnectOptions;
    type Control = Arc<Interrupt>;

    async fn open(
        options: &SqliteConnectOptions,
        // SQLite has none of its own; `started` sets one for each statement.
        _statement_timeout: Option<Duration>,
    ) -> Result<(SqliteConnection, Arc<Interrupt>), Error> {
        let mut connection = options.connect().await?;
        let interrupt = Interrupt::install(&mut connection).await?;
        Ok((connection, interrupt))
    }

    fn patient(options: &SqliteConnectOptions, wait: Duration) -> SqliteConnectOptions {
        options.clone().busy_timeout(wait.min(LONGEST_BUSY_TIMEOUT))
    }

    fn place(options: &SqliteConnectOptions) -> String {
        options.get_filename().display().to_string()
    }

    fn ends_transaction(error: &Error, may_write: bool) -> bool {
        code::ends_transaction(error, may_write)
    }

    async fn before_commit(_: &mut SqliteConnection) -> Result<(), Error> {
        // A COMMIT without a transaction is an error.
        Ok(())
    }

    async fn lag(_: &mut SqliteConnection) -> Result<Duration, Error> {
        Ok(Duration::ZERO)
    }

    fn position(_: &Error, _: &str) -> Option<usize> {
        None
    }

    async fn lock_migrations(_: &mut SqliteConnection, _: Duration) -> Result<(), Error> {
        // BEGIN IMMEDIATE has it.
        Ok(())
    }

    async fn claim_run(_: &mut SqliteConnection) -> Result<bool, Error> {
        Ok(true)
    }

    fn is_missing_table(error: &Error) -> bool {
        code::is_missing_table(error)
    }

    fn is_broken(_: &Error) -> bool {
        false
    }

    fn started(control: &Arc<Interrupt>, limit: Option<Duration>) {
        if limit.is_some() {
            control.limit(limit);
        }
    }

    fn finished(control: &Arc<Interrupt>) {
        control.limit(None);
    }

    fn interrupt(control: &Arc<Interrupt>) {
        control.stop();
    }

    fn abandon(connection: &mut SqliteConnection) {
        // An open transaction holds the write lock, and the next user of this very connection may be long in coming. One
        // poll puts the command into the queue; nobody waits for its end. When nothing is open it fails, which is fine.
        let _queued = connection.execute("ROLLBACK").now_or_never();
    }

    async fn clean(
        connection: &mut SqliteConnection,
        control: &Arc<Interrupt>,
    ) -> Result<(), Error> {
        // Whatever is in the queue still sees the interrupt, and ends soon.
        connection.ping().await?;
        control.resume();
        if let Err(error) = connection.execute("ROLLBACK").await
            // "cannot rollback - no transaction is active": the usual answer.
            && code::primary(&error) != Some(code::ERROR)
        {
            return Err(error);
        }
        // SQLite ends a transaction by itself when a statement in it is interrupted, and sqlx goes on counting it. It takes
        // the count back only for a rollback that works; so it gets as many transactions to roll back as it counts.
        let depth = Manager::get_transaction_depth(connection);
        if depth > 0 {
            connection.execute("BEGIN").await?;
            for level in 1..depth {
                let savepoint = format!("SAVEPOINT _sqlx_savepoint_{level}");
                connection.execute(AssertSqlSafe(savepoint)).await?;
            }
            for _ in 0..depth {
                Manager::rollback(connection).await?;
            }
        }
        Ok(())
    }

    fn is_transient(error: &Error) -> bool {
        code::is_transient(error)
    }

    fn is_refused(_: &Error) -> bool {
        false
    }

    fn execute<'e>(
        connection: &'e mut SqliteConnection,
        statement: &'e mut Statement<Self>,
    ) -> BoxFuture<'e, Result<SqliteQueryResult, Error>> {
        connection.execute(statement)
    }

    fn fetch_many(
        connection: &mut SqliteConnection,
        statement: Statement<Self>,
    ) -> BoxStream<'_, Result<Either<SqliteQueryResult, SqliteRow>, Error>> {
        connection.fetch_many(statement)
    }

    fn fetch_all<'e>(
        connection: &'e mut SqliteConnection,
        statement: &'e mut Statement<Self>,
    ) -> BoxFuture<'e, Result<Vec<SqliteRow>, Error>> {
        connection.fetch_all(statement)
    }

    fn fetch_optional<'e>(
        connection: &'e mut SqliteConnection,
        statement: &'e mut Statement<Self>,
    ) -> BoxFuture<'e, Result<Option<SqliteRow>, Error>> {
        connection.fetch_optional(statement)
    }

    fn prepare<'e>(
        connection: &'e mut SqliteConnection,
        sql: SqlStr,
        parameters: &'e [SqliteTypeInfo],
    ) -> BoxFuture<'e, Result<SqliteStatement, Error>> {
        connection.prepare_with(sql, parameters)
    }

    fn describe(
        connection: &mut SqliteConnection,
        sql: SqlStr,
    ) -> BoxFuture<'_, Result<Describe<Self>, Error>> {
        connection.describe(sql)
    }
}
