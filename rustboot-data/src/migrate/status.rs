//! What a database has of an application's migrations, without changing anything: for `app migrate status`.

use rustboot_core::Result;
use rustboot_core::app::MigrationStatus;
use sqlx::migrate::{AppliedMigration, Migrate as _};
use sqlx::{AssertSqlSafe, Error};

use super::Migrations;
use super::run::TABLE;
use crate::error::from_sqlx;
use crate::pool::{Driver, Pool, Statement};

/// Each migration of the build, and those of the database that the build does not know.
pub(crate) async fn status<DB: Driver>(
    pool: &Pool<DB>,
    migrations: &Migrations,
) -> Result<Vec<MigrationStatus>> {
    let read = |error| from_sqlx(error, "the table of migrations could not be read");
    let mut session = pool
        .extra(pool.policy().connect_timeout)
        .await
        .map_err(read)?;
    let connection = session.unwatched();
    let (applied, dirty) = match is_there::<DB>(connection).await {
        Ok(()) => {
            let failed = |error: sqlx::migrate::MigrateError| {
                rustboot_core::Error::internal("the table of migrations could not be read")
                    .with_source(error)
            };
            (
                connection
                    .list_applied_migrations(TABLE)
                    .await
                    .map_err(failed)?,
                connection.dirty_version(TABLE).await.map_err(failed)?,
            )
        }
        // Nothing was ever migrated.
        Err(error) if DB::is_missing_table(&error) => (Vec::new(), None),
        Err(error) => return Err(read(error)),
    };
    let _ended = session.close().await;
    let mut all: Vec<MigrationStatus> = migrations
        .files()
        .iter()
        .map(|file| {
            let found = applied.iter().find(|a| a.version == file.migration.version);
            MigrationStatus::new(
                file.path,
                file.migration.version,
                match found {
                    Some(_) if dirty == Some(file.migration.version) => "applied in part",
                    Some(found) if found.checksum == file.migration.checksum => "applied",
                    Some(_) => "changed since it was applied",
                    None => "pending",
                },
            )
        })
        .collect();
    let unknown = |applied: &&AppliedMigration| {
        !migrations
            .files()
            .iter()
            .any(|f| f.migration.version == applied.version)
    };
    all.extend(applied.iter().filter(unknown).map(|applied| {
        MigrationStatus::new(
            "",
            applied.version,
            "in the database, and not in this build",
        )
    }));
    all.sort_by_key(|status| status.version);
    Ok(all)
}

/// Asks for nothing, of the table.
async fn is_there<DB: Driver>(connection: &mut DB::Connection) -> std::result::Result<(), Error> {
    let sql = format!("SELECT 1 FROM {TABLE} WHERE 1 = 0");
    DB::fetch_all(connection, &mut Statement::plain(AssertSqlSafe(sql)))
        .await
        .map(|_| ())
}
