//! MySQL and MariaDB for the pool.

use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use sqlx::mysql::{
    MySqlConnectOptions, MySqlConnection, MySqlQueryResult, MySqlRow, MySqlStatement, MySqlTypeInfo,
};
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, Database, Describe, Either, Error,
    Executor as _, MySql, Row as _, SqlStr,
};
use sqlx_core::transaction::TransactionManager;

use super::{code, target};
use crate::migrate::Quoting;
use crate::pool::{Driver, RunShownBy, Statement, undone};

/// The SQLSTATE of a statement that the server does not know.
const UNKNOWN_STATEMENT: &str = "42000";

type Manager = <MySql as Database>::TransactionManager;

impl Driver for MySql {
    const SYSTEM: &'static str = "mysql";
    const FOLDER: &'static str = "mysql";
    const ONE_WRITER: bool = false;
    const QUOTING: Quoting = Quoting {
        brackets: false,
        backslashes: true,
    };
    const AFTER_A_FAILURE: &'static str = "MySQL commits each CREATE, ALTER and DROP by itself, so what its statements before did may stay";
    const BEGIN_TO_WRITE: Option<&'static str> = None;
    const RUN_SHOWN_BY: RunShownBy = RunShownBy::MigrationLock;
    const REMOTE: bool = true;
    // A statement that was being prepared leaves sqlx's count of answers wrong.
    const SURVIVES_CANCELLATION: bool = false;
    const VALIDATE_AFTER: Duration = Duration::from_secs(1);
    const PROBE: &'static str = "SELECT 1";

    type Options = MySqlConnectOptions;
    type Control = ();

    async fn open(
        options: &MySqlConnectOptions,
        statement_timeout: Option<Duration>,
    ) -> Result<(MySqlConnection, ()), Error> {
        let mut connection = options.connect().await?;
        limit_statements(&mut connection, statement_timeout).await?;
        Ok((connection, ()))
    }

    fn patient(options: &MySqlConnectOptions, _wait: Duration) -> MySqlConnectOptions {
        options.clone()
    }

    fn place(options: &MySqlConnectOptions) -> String {
        target::place(options)
    }

    async fn lock_migrations(
        connection: &mut MySqlConnection,
        wait: Duration,
    ) -> Result<(), Error> {
        // There is no lock that a transaction holds: DDL ends transactions. This one belongs to the session, which migrates and
        // nothing else, and is closed in the end whatever happens. Taking it again counts.
        let wait = wait.as_secs_f64();
        let lock =
            format!("SELECT GET_LOCK(CONCAT('rustboot.', MD5(COALESCE(DATABASE(), ''))), {wait})");
        let row = connection.fetch_one(AssertSqlSafe(lock)).await?;
        match row.try_get::<Option<i64>, _>(0)? {
            Some(1) => Ok(()),
            _ => Err(Error::PoolTimedOut),
        }
    }

    async fn claim_run(_: &mut MySqlConnection) -> Result<bool, Error> {
        Ok(true)
    }

    fn is_missing_table(error: &Error) -> bool {
        code::is_missing_table(error)
    }

    fn is_broken(error: &Error) -> bool {
        code::is_broken(error)
    }

    fn ends_transaction(error: &Error, _may_write: bool) -> bool {
        code::ends_transaction(error)
    }

    async fn before_commit(connection: &mut MySqlConnection) -> Result<(), Error> {
        // Without a transaction, a savepoint is gone as soon as it is there. MariaDB could be asked for `@@in_transaction`; MySQL tells
        // nobody who has no further rights.
        connection.execute("SAVEPOINT rustboot_is_open").await?;
        let is_there = connection.execute("RELEASE SAVEPOINT rustboot_is_open");
        match is_there.await {
            Ok(_) => Ok(()),
            Err(error) if code::is_missing_savepoint(&error) => Err(undone()),
            Err(error) => Err(error),
        }
    }

    async fn lag(connection: &mut MySqlConnection) -> Result<Duration, Error> {
        // The new name first: MySQL 8.4 has forgotten the old one, which servers before MySQL 8.0.22 and MariaDB 10.5 need.
        let row = match connection.fetch_optional("SHOW REPLICA STATUS").await {
            Err(Error::Database(error)) if error.code().as_deref() == Some(UNKNOWN_STATEMENT) => {
                connection.fetch_optional("SHOW SLAVE STATUS").await?
            }
            row => row?,
        };
        let Some(row) = row else {
            return Ok(Duration::ZERO);
        };
        // NULL: the replication does not run. MySQL has renamed the column together with the statement, MariaDB has not.
        let seconds: Option<i64> = row
            .try_get_unchecked("Seconds_Behind_Source")
            .or_else(|_| row.try_get_unchecked("Seconds_Behind_Master"))?;
        Ok(seconds.map_or(Duration::MAX, |seconds| {
            Duration::from_secs(u64::try_from(seconds).unwrap_or_default())
        }))
    }

    fn position(_: &Error, _: &str) -> Option<usize> {
        None
    }

    fn started((): &(), _limit: Option<Duration>) {}

    fn finished((): &()) {}

    fn interrupt((): &()) {}

    fn abandon(connection: &mut MySqlConnection) {
        // Into the buffer, ahead of whatever comes next; it also takes back what sqlx counts.
        for _ in 0..Manager::get_transaction_depth(connection) {
            Manager::start_rollback(connection);
        }
    }

    async fn clean(connection: &mut MySqlConnection, (): &()) -> Result<(), Error> {
        connection.execute("ROLLBACK").await?;
        connection.ping().await
    }

    fn is_transient(error: &Error) -> bool {
        code::is_transient(error)
    }

    fn is_refused(error: &Error) -> bool {
        code::is_refused(error)
    }

    fn execute<'e>(
        connection: &'e mut MySqlConnection,
        statement: &'e mut Statement<Self>,
    ) -> BoxFuture<'e, Result<MySqlQueryResult, Error>> {
        connection.execute(statement)
    }

    fn fetch_many(
        connection: &mut MySqlConnection,
        statement: Statement<Self>,
    ) -> BoxStream<'_, Result<Either<MySqlQueryResult, MySqlRow>, Error>> {
        connection.fetch_many(statement)
    }

    fn fetch_all<'e>(
        connection: &'e mut MySqlConnection,
        statement: &'e mut Statement<Self>,
    ) -> BoxFuture<'e, Result<Vec<MySqlRow>, Error>> {
        connection.fetch_all(statement)
    }

    fn fetch_optional<'e>(
        connection: &'e mut MySqlConnection,
        statement: &'e mut Statement<Self>,
    ) -> BoxFuture<'e, Result<Option<MySqlRow>, Error>> {
        connection.fetch_optional(statement)
    }

    fn prepare<'e>(
        connection: &'e mut MySqlConnection,
        sql: SqlStr,
        parameters: &'e [MySqlTypeInfo],
    ) -> BoxFuture<'e, Result<MySqlStatement, Error>> {
        connection.prepare_with(sql, parameters)
    }

    fn describe(
        connection: &mut MySqlConnection,
        sql: SqlStr,
    ) -> BoxFuture<'_, Result<Describe<Self>, Error>> {
        connection.describe(sql)
    }
}

/// Has the server cut off the statements of a connection.
pub(crate) async fn limit_statements(
    connection: &mut MySqlConnection,
    limit: Option<Duration>,
) -> Result<(), Error> {
    if let Some(limit) = limit {
        let seconds = limit.as_secs_f64();
        let mariadb = format!("SET SESSION max_statement_time = {seconds}");
        match connection.execute(AssertSqlSafe(mariadb)).await {
            Ok(_) => {}
            // MySQL calls it differently, and counts in milliseconds.
            Err(Error::Database(_)) => {
                let millis = limit.as_millis().max(1);
                let mysql = format!("SET SESSION max_execution_time = {millis}");
                connection.execute(AssertSqlSafe(mysql)).await?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
