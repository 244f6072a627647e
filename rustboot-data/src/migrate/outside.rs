//! A file that asks to run outside of a transaction (`-- no-transaction`), and what others make of it meanwhile.
//!
//! The note that it was applied is written first, as one that is not done, and keeps others from what comes after it. A process
//! that is killed in the middle leaves the note behind, so the note alone does not tell the running from the dead: a lock does, which
//! ends with its process. On PostgreSQL it is held by a transaction on a session of its own, which has no snapshot that
//! `CREATE INDEX CONCURRENTLY` would wait for, and works behind PgBouncer.

use std::time::{Duration, Instant};

use rustboot_core::{Error, ErrorKind, Result};
use sqlx::migrate::Migrate as _;
use sqlx::{AssertSqlSafe, SqlStr};
use sqlx_core::transaction::TransactionManager;

use super::Migrations;
use super::embedded::File;
use super::failure::Failure;
use super::run::{LOOK_AGAIN, TABLE, applied, commit, mark, note};
use super::split::statements;
use crate::error::from_sqlx;
use crate::pool::{Driver, Pool, RunShownBy, Session, Statement};

/// With the isolation of others, the snapshot of the first statement would stay for as long as the transaction.
const WITHOUT_A_SNAPSHOT: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";

/// What stands after a file was cut off.
const STAYS: &str = "it runs outside of a transaction, so what its statements before did stays";

/// Runs it, in the transaction that has the lock for migrations, which ends here.
pub(super) async fn run_outside<DB: Driver>(
    pool: &Pool<DB>,
    connection: &mut DB::Connection,
    file: &File,
    patience: Duration,
) -> Result<()> {
    let began = Instant::now();
    let sign = match DB::RUN_SHOWN_BY {
        RunShownBy::OwnLock => Some(raise_sign(pool, file, patience).await?),
        RunShownBy::MigrationLock | RunShownBy::Nothing => None,
    };
    note::<DB>(connection, file).await?;
    mark::<DB>(connection, file, "success = FALSE").await?;
    commit::<DB>(connection)
        .await
        .map_err(|error| from_sqlx(error, format_args!("{} could not be begun", file.path)))?;
    let outcome = match execute_singly::<DB>(connection, file).await {
        Err(failure) => Err(failed::<DB>(connection, file, failure).await),
        Ok(()) => mark::<DB>(connection, file, "success = TRUE").await,
    };
    if let Some(sign) = sign {
        // It ends with the session, so that end is waited for. Its own error is of no interest.
        let _ended = sign.close().await;
    }
    outcome?;
    applied(file, began);
    Ok(())
}

/// Shows that the file is being run, for as long as the session lives.
async fn raise_sign<DB: Driver>(
    pool: &Pool<DB>,
    file: &File,
    patience: Duration,
) -> Result<Session<DB>> {
    let raised = async {
        let mut session = pool.extra(patience).await?;
        let connection = session.unwatched();
        let begin = SqlStr::from_static(WITHOUT_A_SNAPSHOT);
        DB::TransactionManager::begin(connection, Some(begin)).await?;
        // Whoever has noted the end of the file before gives it back in a moment.
        while !DB::claim_run(connection).await? {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Ok(session)
    };
    // A PgBouncer with one connection would make it wait for ourselves.
    let raised = tokio::time::timeout(patience, raised).await;
    raised
        .unwrap_or(Err(sqlx::Error::PoolTimedOut))
        .map_err(|error| {
            let path = file.path;
            from_sqlx(
                error,
                format_args!(
                    "no second connection within {patience:?} for {path}, which runs outside of a transaction"
                ),
            )
        })
}

/// Takes the note back, and says what happened: the failure of the file, whatever becomes of the note.
async fn failed<DB: Driver>(
    connection: &mut DB::Connection,
    file: &File,
    failure: Failure,
) -> Error {
    let version = file.migration.version;
    let sql = format!("DELETE FROM {TABLE} WHERE version = {version} AND success = FALSE");
    let deleted = DB::execute(connection, &mut Statement::plain(AssertSqlSafe(sql))).await;
    match deleted {
        Ok(_) => failure.explain::<DB>(file, STAYS),
        Err(error) => failure.explain::<DB>(
            file,
            &format!(
                "{STAYS}. That it was begun is noted, and could not be taken back ({error}): bring the database to the state before or after the file, and delete the row of version {version} from {TABLE}, or set its `success`"
            ),
        ),
    }
}

/// Runs the statements of a file one by one: several in one message are a transaction by themselves.
async fn execute_singly<DB: Driver>(
    connection: &mut DB::Connection,
    file: &File,
) -> std::result::Result<(), Failure> {
    let sql = file.migration.sql.as_str();
    for (index, (_, text)) in statements(sql, DB::QUOTING).into_iter().enumerate() {
        let mut text = Statement::plain(AssertSqlSafe(text.to_owned()));
        DB::execute(connection, &mut text)
            .await
            .map_err(|error| Failure {
                statement: index + 1,
                whole: false,
                error,
            })?;
    }
    Ok(())
}

/// Looks after a version that is noted as begun, under the lock for migrations. `Ok` is to wait and look again.
///
/// # Errors
/// `Internal` when nobody runs it any more; `Unavailable` when the time is over.
pub(super) async fn look_after<DB: Driver>(
    connection: &mut DB::Connection,
    version: i64,
    migrations: &Migrations,
    is_late: bool,
) -> Result<()> {
    let failed = |error| from_sqlx(error, "it cannot be told whether a migration still runs");
    let is_free = match DB::RUN_SHOWN_BY {
        RunShownBy::OwnLock => Some(DB::claim_run(connection).await.map_err(failed)?),
        // It is ours.
        RunShownBy::MigrationLock => Some(true),
        RunShownBy::Nothing => None,
    };
    if is_free == Some(true) {
        // It may have come to its end between the two looks.
        let unfinished = connection.dirty_version(TABLE).await;
        let unfinished = unfinished.map_err(|error| {
            Error::internal("the table of migrations could not be read").with_source(error)
        })?;
        return match unfinished == Some(version) {
            true => Err(Error::internal(left(
                version,
                migrations,
                "a process was stopped in the middle of it. Look",
            ))),
            false => Ok(()),
        };
    }
    match (is_late, is_free) {
        (false, _) => Ok(()),
        (true, Some(_)) => Err(still_running(version, migrations)),
        (true, None) => Err(Error::new(
            ErrorKind::Unavailable,
            left(
                version,
                migrations,
                "another process is still running it, or was stopped in the middle of it. If none runs it, look",
            ),
        )),
    }
}

/// Who waits has waited long enough.
pub(super) fn still_running(version: i64, migrations: &Migrations) -> Error {
    let file = name(version, migrations);
    Error::new(
        ErrorKind::Unavailable,
        format!(
            "another process is still running {file}, outside of a transaction. Start again when it is done"
        ),
    )
}

fn left(version: i64, migrations: &Migrations, why: &str) -> String {
    let file = name(version, migrations);
    format!(
        "the migration {version} is applied in part: {why} at what {file} did, bring the database to the state before or after it, and delete the row of that version from {TABLE}, or set its `success`"
    )
}

fn name(version: i64, migrations: &Migrations) -> &str {
    let files = migrations.files().iter();
    let mut named = files.filter(|file| file.migration.version == version);
    named.next().map_or("its file", |file| file.path)
}
