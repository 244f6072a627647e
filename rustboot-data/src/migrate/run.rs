//! Runs migrations, one transaction for each file, with a lock that is the transaction.
//!
//! What others do while this process has the lock is theirs to wait for, and the other way round; only that is limited. How long a
//! file takes that this process runs itself is nobody's to limit.

use std::time::{Duration, Instant};

use futures_util::TryStreamExt as _;
use rustboot_core::{Error, Result};
use sqlx::migrate::{AppliedMigration, Migrate, MigrateError};
use sqlx::{AssertSqlSafe, Either};
use sqlx_core::transaction::TransactionManager;

use super::Migrations;
use super::embedded::File;
use super::failure::{Failure, not_committed};
use super::outside::{look_after, run_outside, still_running};
use crate::error::from_sqlx;
use crate::pool::{Driver, Pool, RunShownBy, Session, Statement};

/// sqlx's table.
pub(super) const TABLE: &str = "_sqlx_migrations";

/// How often to look whether a migration that another process runs outside of a transaction has ended.
pub(super) const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// What is left to do, as seen under the lock.
enum Next<'a> {
    Nothing,
    Run(&'a File),
    /// Another process runs that version right now, outside of a transaction; or one was killed while it did.
    Unfinished(i64),
}

/// Runs what the database does not have yet.
pub(crate) async fn run<DB: Driver>(pool: &Pool<DB>, migrations: &Migrations) -> Result<()> {
    if migrations.is_empty() {
        return Ok(());
    }
    let patience = pool.policy().connect_timeout;
    let mut session = pool
        .extra(patience)
        .await
        .map_err(|error| from_sqlx(error, "no connection for the migrations"))?;
    let outcome = run_all(pool, &mut session, migrations, patience).await;
    if outcome.is_err() {
        // The end of the session does it as well; like this, the lock is free when the error is out.
        let _as_good_as_done = DB::TransactionManager::rollback(session.unwatched()).await;
    }
    // A lock that is still held goes with the session, so its end is waited for. Its own error is of no interest.
    let _ended = session.close().await;
    outcome
}

async fn run_all<DB: Driver>(
    pool: &Pool<DB>,
    session: &mut Session<DB>,
    migrations: &Migrations,
    patience: Duration,
) -> Result<()> {
    let connection = session.unwatched();
    // Until this one's turn comes. After each turn, the wait for the next one begins anew.
    let mut deadline = Instant::now() + patience;
    loop {
        lock::<DB>(connection, migrations, deadline).await?;
        match next::<DB>(connection, migrations).await? {
            Next::Nothing => {
                return commit::<DB>(connection)
                    .await
                    .map_err(|error| from_sqlx(error, "the migrations could not be committed"));
            }
            Next::Run(file) => {
                match file.migration.no_tx {
                    true => run_outside(pool, connection, file, patience).await?,
                    false => run_inside::<DB>(connection, file).await?,
                }
                deadline = Instant::now() + patience;
            }
            Next::Unfinished(version) => {
                let is_late = Instant::now() >= deadline;
                look_after::<DB>(connection, version, migrations, is_late).await?;
                commit::<DB>(connection)
                    .await
                    .map_err(|error| from_sqlx(error, "the lock could not be given back"))?;
                tracing::debug!(target: "rustboot", version, "waiting for a migration of another process");
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        }
    }
}

/// Begins a transaction that has the lock.
async fn lock<DB: Driver>(
    connection: &mut DB::Connection,
    migrations: &Migrations,
    deadline: Instant,
) -> Result<()> {
    let begin = DB::BEGIN_TO_WRITE.map(sqlx::SqlStr::from_static);
    let locked = async {
        DB::TransactionManager::begin(connection, begin).await?;
        let wait = deadline.saturating_duration_since(Instant::now());
        DB::lock_migrations(connection, wait).await
    };
    let Err(error) = locked.await else {
        return Ok(());
    };
    // A lock that outlives its transactions is held while a file is run outside of one: the note says which.
    if DB::RUN_SHOWN_BY == RunShownBy::MigrationLock
        && let Ok(Some(version)) = connection.dirty_version(TABLE).await
    {
        return Err(still_running(version, migrations).with_source(error));
    }
    Err(from_sqlx(
        error,
        "the lock for the migrations was not free in time",
    ))
}

/// Compares what is there with what should be.
async fn next<'a, DB: Driver>(
    connection: &mut DB::Connection,
    migrations: &'a Migrations,
) -> Result<Next<'a>> {
    let failed = |error| bookkeeping(error, "the table of migrations could not be read");
    connection
        .ensure_migrations_table(TABLE)
        .await
        .map_err(failed)?;
    if let Some(version) = connection.dirty_version(TABLE).await.map_err(failed)? {
        return Ok(Next::Unfinished(version));
    }
    let applied = connection
        .list_applied_migrations(TABLE)
        .await
        .map_err(failed)?;
    check_applied(&applied, migrations)?;
    let next = migrations.files().iter().find(|file| {
        !applied
            .iter()
            .any(|applied| applied.version == file.migration.version)
    });
    Ok(next.map_or(Next::Nothing, Next::Run))
}

pub(super) fn check_applied(applied: &[AppliedMigration], migrations: &Migrations) -> Result<()> {
    let newest = migrations
        .files()
        .iter()
        .map(|file| file.migration.version)
        .max();
    for applied in applied {
        let version = applied.version;
        let file = migrations
            .files()
            .iter()
            .find(|file| file.migration.version == version);
        match file {
            Some(file) if file.migration.checksum == applied.checksum => {}
            Some(file) => {
                return Err(Error::internal(format!(
                    "{} was changed after it was applied to this database. Restore it as it was, and put the change into a new migration",
                    file.path
                )));
            }
            None if newest.is_some_and(|newest| version > newest) => {
                return Err(Error::internal(format!(
                    "the database has the migration {version}, which is newer than all of this build: a newer version of the application migrated it. Run that version, or restore a backup from before it"
                )));
            }
            None => {
                return Err(Error::internal(format!(
                    "the database has the migration {version}, and this build has no file for it. Restore the file; migrations that were applied must stay"
                )));
            }
        }
    }
    Ok(())
}

/// The file and the note that it was applied, together or not at all.
async fn run_inside<DB: Driver>(connection: &mut DB::Connection, file: &File) -> Result<()> {
    let began = Instant::now();
    execute::<DB>(connection, file)
        .await
        .map_err(|failure| failure.explain::<DB>(file, DB::AFTER_A_FAILURE))?;
    note::<DB>(connection, file).await?;
    commit::<DB>(connection)
        .await
        .map_err(|error| not_committed::<DB>(file, error))?;
    applied(file, began);
    Ok(())
}

/// Runs the statements of a file, and counts them.
async fn execute<DB: Driver>(
    connection: &mut DB::Connection,
    file: &File,
) -> std::result::Result<(), Failure> {
    let mut done = 0;
    let mut results = DB::fetch_many(connection, Statement::plain(file.migration.sql.clone()));
    loop {
        match results.try_next().await {
            Ok(Some(Either::Left(_))) => done += 1,
            Ok(Some(Either::Right(_))) => {}
            Ok(None) => return Ok(()),
            Err(error) => {
                return Err(Failure {
                    statement: done + 1,
                    whole: true,
                    error,
                });
            }
        }
    }
}

pub(super) async fn note<DB: Driver>(connection: &mut DB::Connection, file: &File) -> Result<()> {
    let path = file.path;
    // In sqlx's words, to skip a migration is to note it without running it.
    connection
        .skip(TABLE, &file.migration)
        .await
        .map_err(|error| bookkeeping(error, format_args!("{path} could not be noted")))
}

pub(super) async fn mark<DB: Driver>(
    connection: &mut DB::Connection,
    file: &File,
    change: &str,
) -> Result<()> {
    let (path, version) = (file.path, file.migration.version);
    let sql = format!("UPDATE {TABLE} SET {change} WHERE version = {version}");
    DB::execute(connection, &mut Statement::plain(AssertSqlSafe(sql)))
        .await
        .map(|_| ())
        .map_err(|error| {
            from_sqlx(
                error,
                format_args!("{change} of {path} could not be noted in {TABLE}"),
            )
        })
}

pub(super) async fn commit<DB: Driver>(
    connection: &mut DB::Connection,
) -> std::result::Result<(), sqlx::Error> {
    DB::TransactionManager::commit(connection).await
}

pub(super) fn applied(file: &File, began: Instant) {
    let took_ms = began.elapsed().as_secs_f64() * 1e3;
    tracing::info!(
        target: "rustboot",
        migration = file.path,
        version = file.migration.version,
        took_ms,
        "{} applied in {took_ms:.1} ms",
        file.path
    );
}

fn bookkeeping(error: MigrateError, what: impl std::fmt::Display) -> Error {
    match error {
        MigrateError::Execute(error) => from_sqlx(error, what),
        error => Error::internal(what.to_string()).with_source(error),
    }
}
