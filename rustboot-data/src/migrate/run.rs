//! Runs migrations, one transaction for each file, with a lock that is the transaction.

use std::time::{Duration, Instant};

use futures_util::TryStreamExt as _;
use rustboot_core::{Error, Result};
use sqlx::migrate::{AppliedMigration, Migrate, MigrateError};
use sqlx::{AssertSqlSafe, Either};
use sqlx_core::transaction::TransactionManager;

use super::Migrations;
use super::embedded::File;
use super::split::statements;
use crate::error::from_sqlx;
use crate::pool::{Driver, Pool, Session, Statement};

/// sqlx's table.
pub(super) const TABLE: &str = "_sqlx_migrations";

/// How often to look whether a migration that another process runs outside of a transaction has ended.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// A statement longer than this is cut in the error, in bytes.
const LONGEST_TEXT: usize = 400;

/// What is left to do, as seen under the lock.
enum Next<'a> {
    Nothing,
    Run(&'a File),
    /// Another process runs that version right now, outside of a transaction; or one was killed while it did.
    Dirty(i64),
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
    let outcome = run_all(&mut session, migrations, patience).await;
    if outcome.is_err() {
        // The end of the session does it as well; like this, the lock is free when the error is out.
        let _as_good_as_done = DB::TransactionManager::rollback(session.unwatched()).await;
    }
    // A lock that is still held goes with the session, so its end is waited for. Its own error is of no interest.
    let _ended = session.close().await;
    outcome
}

async fn run_all<DB: Driver>(
    session: &mut Session<DB>,
    migrations: &Migrations,
    patience: Duration,
) -> Result<()> {
    let deadline = Instant::now() + patience;
    let connection = session.unwatched();
    loop {
        DB::TransactionManager::begin(
            connection,
            DB::BEGIN_TO_WRITE.map(sqlx::SqlStr::from_static),
        )
        .await
        .map_err(|error| from_sqlx(error, "the lock for the migrations was not free in time"))?;
        DB::lock_migrations(
            connection,
            deadline.saturating_duration_since(Instant::now()),
        )
        .await
        .map_err(|error| from_sqlx(error, "the lock for the migrations was not free in time"))?;
        match next::<DB>(connection, migrations).await? {
            Next::Nothing => return commit::<DB>(connection).await,
            Next::Run(file) if file.migration.no_tx => run_outside::<DB>(connection, file).await?,
            Next::Run(file) => run_inside::<DB>(connection, file).await?,
            Next::Dirty(version) if Instant::now() < deadline => {
                commit::<DB>(connection).await?;
                tracing::debug!(target: "rustboot", version, "waiting for a migration of another process");
                tokio::time::sleep(LOOK_AGAIN).await;
            }
            Next::Dirty(version) => return Err(dirty(version, migrations)),
        }
    }
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
        return Ok(Next::Dirty(version));
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
    commit::<DB>(connection).await?;
    applied(file, began);
    Ok(())
}

/// A file that asks for it (`-- no-transaction`). The note is written first, as one that is not done, and serves as the
/// lock: others wait until it is done or gone.
async fn run_outside<DB: Driver>(connection: &mut DB::Connection, file: &File) -> Result<()> {
    let began = Instant::now();
    note::<DB>(connection, file).await?;
    mark::<DB>(connection, file, "success = FALSE").await?;
    commit::<DB>(connection).await?;
    if let Err(failure) = execute_singly::<DB>(connection, file).await {
        let version = file.migration.version;
        let sql = format!("DELETE FROM {TABLE} WHERE version = {version} AND success = FALSE");
        DB::execute(connection, &mut Statement::plain(AssertSqlSafe(sql)))
            .await
            .map_err(|error| from_sqlx(error, "the table of migrations could not be written"))?;
        return Err(failure.explain::<DB>(
            file,
            "it runs outside of a transaction, so what its statements before did stays",
        ));
    }
    mark::<DB>(connection, file, "success = TRUE").await?;
    applied(file, began);
    Ok(())
}

/// Which statement failed, counted from 1, and why.
struct Failure {
    statement: usize,
    /// Whether the file was sent in one piece, so that what the error says of its place is of the file.
    whole: bool,
    error: sqlx::Error,
}

impl Failure {
    fn explain<DB: Driver>(self, file: &File, consequence: &str) -> Error {
        let Self {
            statement,
            whole,
            error,
        } = self;
        let sql = file.migration.sql.as_str();
        let all = statements(sql, DB::QUOTING);
        // A database that reads the whole file before it runs the first statement says where it stumbled.
        let said = DB::position(&error, sql)
            .filter(|_| whole)
            .and_then(|at| all.iter().rposition(|(_, text)| offset(sql, text) <= at));
        let statement = said.map_or(statement, |index| index + 1);
        let place = match all.get(statement - 1) {
            Some((line, text)) => {
                let text = &text[..text.floor_char_boundary(LONGEST_TEXT)];
                format!("{}:{line}, statement {statement} (`{text}`)", file.path)
            }
            None => format!("{}, statement {statement}", file.path),
        };
        Error::internal(format!("{place} failed, and {consequence}")).with_source(error)
    }
}

/// Where a part of a text begins in it.
fn offset(whole: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize)
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

async fn note<DB: Driver>(connection: &mut DB::Connection, file: &File) -> Result<()> {
    // In sqlx's words, to skip a migration is to note it without running it.
    connection
        .skip(TABLE, &file.migration)
        .await
        .map_err(|error| bookkeeping(error, "the table of migrations could not be written"))
}

async fn mark<DB: Driver>(
    connection: &mut DB::Connection,
    file: &File,
    change: &str,
) -> Result<()> {
    let version = file.migration.version;
    let sql = format!("UPDATE {TABLE} SET {change} WHERE version = {version}");
    DB::execute(connection, &mut Statement::plain(AssertSqlSafe(sql)))
        .await
        .map(|_| ())
        .map_err(|error| from_sqlx(error, "the table of migrations could not be written"))
}

async fn commit<DB: Driver>(connection: &mut DB::Connection) -> Result<()> {
    DB::TransactionManager::commit(connection)
        .await
        .map_err(|error| from_sqlx(error, "the migrations could not be committed"))
}

fn applied(file: &File, began: Instant) {
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

fn bookkeeping(error: MigrateError, what: &'static str) -> Error {
    match error {
        MigrateError::Execute(error) => from_sqlx(error, what),
        error => Error::internal(what).with_source(error),
    }
}

fn dirty(version: i64, migrations: &Migrations) -> Error {
    let file = migrations
        .files()
        .iter()
        .find(|file| file.migration.version == version)
        .map_or("its file", |file| file.path);
    Error::internal(format!(
        "the migration {version} is applied in part: a process was stopped in the middle of it. Look at what {file} did, bring the database to the state before or after it, and delete the row of that version from {TABLE}, or set its `success`"
    ))
}
