//! PostgreSQL for the pool.
//!
//! sqlx counts the answers that are still to come on a connection, and reads them before the next statement. So a statement that
//! nobody waits for is no danger by itself; what it may leave is an open transaction, a `COPY` in the middle, and a count that is
//! off. "Clean" is shown, not believed: the last thing on a connection before it is free is a question whose answer nobody can have
//! given before.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use sqlx::postgres::{
    PgConnectOptions, PgConnection, PgDatabaseError, PgErrorPosition, PgQueryResult, PgRow,
    PgStatement, PgTypeInfo,
};
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Database, Describe, Either, Error, Executor as _, Postgres,
    Row as _, SqlStr,
};
use sqlx_core::transaction::TransactionManager;

use super::{code, target};
use crate::migrate::Quoting;
use crate::pool::{Driver, RunShownBy, Statement};

type Manager = <Postgres as Database>::TransactionManager;

/// The key of the lock for migrations, in the space of advisory locks with one number: "rustboot" in ASCII. A lock belongs to a
/// database, so it needs no more.
pub(crate) const MIGRATION_LOCK: i64 = 0x7275_7374_626f_6f74;

/// The key of the lock under which a migration runs outside of a transaction: the next one.
const RUN_LOCK: i64 = MIGRATION_LOCK + 1;

/// From this version on, a server notices that its client is gone while a statement runs.
const CHECKS_ITS_CLIENT: u32 = 140_000;

/// How many errors of what was left on a connection are read past before it is given up.
const LEFTOVERS: usize = 4;

impl Driver for Postgres {
    const SYSTEM: &'static str = "postgresql";
    const FOLDER: &'static str = "postgres";
    const ONE_WRITER: bool = false;
    const QUOTING: Quoting = Quoting {
        brackets: false,
        backslashes: false,
    };
    const AFTER_A_FAILURE: &'static str = "it was rolled back as a whole";
    const BEGIN_TO_WRITE: Option<&'static str> = None;
    const RUN_SHOWN_BY: RunShownBy = RunShownBy::OwnLock;
    const REMOTE: bool = true;
    const SURVIVES_CANCELLATION: bool = true;
    // With one request a second or more for each connection there is no ping at all; with less, nobody feels it. And after a
    // restart of the server, a connection that rested does not cost a request.
    const VALIDATE_AFTER: Duration = Duration::from_secs(1);
    const PROBE: &'static str = "SELECT 1";

    type Options = PgConnectOptions;
    type Control = ();

    async fn open(
        options: &PgConnectOptions,
        statement_timeout: Option<Duration>,
    ) -> Result<(PgConnection, ()), Error> {
        let mut connection = options.connect().await?;
        let mut settings = String::new();
        if let Some(limit) = statement_timeout {
            settings = format!("SET statement_timeout = {};", milliseconds(limit));
        }
        if connection
            .server_version_num()
            .is_some_and(|version| version >= CHECKS_ITS_CLIENT)
        {
            // A statement whose request is gone, and its locks, end with the connection.
            let both = format!("{settings}SET client_connection_check_interval = 1000;");
            match connection.execute(AssertSqlSafe(both)).await {
                Ok(_) => return Ok((connection, ())),
                // Not every operating system can, and something that only speaks like PostgreSQL may not know it.
                Err(Error::Database(_)) => {}
                Err(error) => return Err(error),
            }
        }
        limit_statements(&mut connection, statement_timeout).await?;
        Ok((connection, ()))
    }

    fn patient(options: &PgConnectOptions, _wait: Duration) -> PgConnectOptions {
        options.clone()
    }

    fn place(options: &PgConnectOptions) -> String {
        target::place(options)
    }

    async fn lock_migrations(connection: &mut PgConnection, wait: Duration) -> Result<(), Error> {
        let wait = milliseconds(wait);
        // Held by the transaction: a commit, a rollback and the end of the connection free it, whatever becomes of the process.
        let lock = format!(
            "SET LOCAL lock_timeout = {wait}; SELECT pg_advisory_xact_lock({MIGRATION_LOCK}); SET LOCAL lock_timeout = DEFAULT"
        );
        connection.execute(AssertSqlSafe(lock)).await?;
        Ok(())
    }

    async fn claim_run(connection: &mut PgConnection) -> Result<bool, Error> {
        // The transaction is idle for as long as the file runs.
        let claim = format!(
            "SET LOCAL idle_in_transaction_session_timeout = 0; SELECT pg_try_advisory_xact_lock({RUN_LOCK})"
        );
        let row = connection.fetch_one(AssertSqlSafe(claim)).await?;
        row.try_get_unchecked(0)
    }

    fn is_missing_table(error: &Error) -> bool {
        code::is_missing_table(error)
    }

    fn ends_transaction(_: &Error, _may_write: bool) -> bool {
        false
    }

    async fn before_commit(connection: &mut PgConnection) -> Result<(), Error> {
        // In a transaction that has failed, COMMIT rolls back and is no error. Everything else is one.
        connection.execute("SELECT 1").await.map(|_| ())
    }

    async fn lag(connection: &mut PgConnection) -> Result<Duration, Error> {
        // With nothing new on the primary, the time of the last transaction says nothing; that all has been replayed does, as
        // long as something still comes in.
        let sql = "SELECT CASE
              WHEN NOT pg_is_in_recovery() THEN 0
              WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn()
                  AND EXISTS (SELECT FROM pg_stat_wal_receiver) THEN 0
              ELSE extract(epoch FROM now() - pg_last_xact_replay_timestamp())
            END::float8";
        let row = connection.fetch_one(sql).await?;
        let seconds: Option<f64> = row.try_get(0)?;
        // A replica that has replayed nothing yet is as far behind as can be.
        Ok(seconds.map_or(Duration::MAX, |seconds| {
            Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX)
        }))
    }

    fn position(error: &Error, sql: &str) -> Option<usize> {
        let error = error
            .as_database_error()?
            .try_downcast_ref::<PgDatabaseError>()?;
        match error.position()? {
            PgErrorPosition::Original(place) => {
                let place = place.checked_sub(1)?;
                sql.char_indices().nth(place).map(|(at, _)| at)
            }
            PgErrorPosition::Internal { .. } => None,
        }
    }

    fn is_broken(error: &Error) -> bool {
        code::is_broken(error)
    }

    fn started((): &(), _limit: Option<Duration>) {}

    fn finished((): &()) {}

    fn interrupt((): &()) {}

    fn abandon(connection: &mut PgConnection) {
        // Into the buffer, ahead of whatever comes next; it also takes back what sqlx counts.
        for _ in 0..Manager::get_transaction_depth(connection) {
            Manager::start_rollback(connection);
        }
    }

    async fn clean(connection: &mut PgConnection, (): &()) -> Result<(), Error> {
        static QUESTIONS: AtomicU64 = AtomicU64::new(0);
        for attempt in 0..LEFTOVERS {
            let question = QUESTIONS.fetch_add(1, Ordering::Relaxed);
            // With no transaction open, ROLLBACK is a warning in the log of sqlx. The SET keeps it out, and is rolled back with
            // the rest; in a transaction that has failed already it is an error, so the next attempt goes without.
            let quiet = match attempt {
                0 => "SET client_min_messages = error; ",
                _ => "",
            };
            let sql = format!("{quiet}ROLLBACK; UNLISTEN *; SELECT 'rustboot {question}'");
            match connection.fetch_optional(AssertSqlSafe(sql)).await {
                Ok(Some(row)) => {
                    let answer: String = row.try_get(0)?;
                    return match answer == format!("rustboot {question}") {
                        true => Ok(()),
                        false => Err(out_of_step()),
                    };
                }
                Ok(None) => return Err(out_of_step()),
                // The error of what was left, or of a transaction that had failed. The connection goes on.
                Err(error) if !code::is_broken(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Err(out_of_step())
    }

    fn is_transient(error: &Error) -> bool {
        code::is_transient(error)
    }

    fn is_refused(error: &Error) -> bool {
        code::is_refused(error)
    }

    fn execute<'e>(
        connection: &'e mut PgConnection,
        statement: &'e mut Statement<Self>,
    ) -> BoxFuture<'e, Result<PgQueryResult, Error>> {
        connection.execute(statement)
    }

    fn fetch_many(
        connection: &mut PgConnection,
        statement: Statement<Self>,
    ) -> BoxStream<'_, Result<Either<PgQueryResult, PgRow>, Error>> {
        connection.fetch_many(statement)
    }

    fn fetch_all<'e>(
        connection: &'e mut PgConnection,
        statement: &'e mut Statement<Self>,
    ) -> BoxFuture<'e, Result<Vec<PgRow>, Error>> {
        connection.fetch_all(statement)
    }

    fn fetch_optional<'e>(
        connection: &'e mut PgConnection,
        statement: &'e mut Statement<Self>,
    ) -> BoxFuture<'e, Result<Option<PgRow>, Error>> {
        connection.fetch_optional(statement)
    }

    fn prepare<'e>(
        connection: &'e mut PgConnection,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, Result<PgStatement, Error>> {
        connection.prepare_with(sql, parameters)
    }

    fn describe(
        connection: &mut PgConnection,
        sql: SqlStr,
    ) -> BoxFuture<'_, Result<Describe<Self>, Error>> {
        connection.describe(sql)
    }
}

/// Has the server cut off the statements of a connection.
pub(crate) async fn limit_statements(
    connection: &mut PgConnection,
    limit: Option<Duration>,
) -> Result<(), Error> {
    if let Some(limit) = limit {
        let sql = format!("SET statement_timeout = {}", milliseconds(limit));
        connection.execute(AssertSqlSafe(sql)).await?;
    }
    Ok(())
}

/// At least 1: 0 is no limit.
fn milliseconds(limit: Duration) -> i32 {
    i32::try_from(limit.as_millis()).unwrap_or(i32::MAX).max(1)
}

fn out_of_step() -> Error {
    Error::Protocol("the connection is out of step with the server".to_owned())
}
