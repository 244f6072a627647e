//! SQLite: [`SqliteDb`], what it is opened with, and how it takes part in the pool.

pub(crate) mod code;
mod driver;
mod interrupt;
mod target;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use rustboot_core::{Error, ErrorKind, Result};
use sqlx::sqlite::SqlitePoolOptions;
use sqlx::{ConnectOptions as _, Sqlite, SqliteConnection, SqlitePool};

use crate::config::DatabaseConfig;
use crate::error::from_sqlx;
use crate::handle::handle;
use crate::migrate::{self, Migrations};
use crate::pool::{Acquired, Driver as _, Policy, Pool, PoolStatus, Transaction};
use crate::wire::{Context, Wired};
pub(crate) use target::{Place, Target};

/// An SQLite database: a component, an extractor, and an sqlx executor. Cloning copies a pointer.
///
/// ```no_run
/// # async fn f(db: rustboot_data::SqliteDb) -> rustboot_core::Result<()> {
/// let names: Vec<(String,)> = sqlx::query_as("SELECT name FROM item").fetch_all(&db).await?;
///
/// let mut tx = db.begin().await?;
/// sqlx::query("INSERT INTO item (name) VALUES (?)").bind("pen").execute(&mut *tx).await?;
/// tx.commit().await?;
/// # Ok(())
/// # }
/// ```
///
/// `&db` (of an `Inject<SqliteDb>`, `&*db`) runs each statement on a connection of its own. A connection is back in the
/// pool when the statement ends, or its future or stream is dropped; a statement that still runs then is stopped.
///
/// SQLite has one writer at a time. Writing statements and transactions of one `SqliteDb` queue for it, in the order in
/// which they come, for up to `database.acquire_timeout`; those of other processes are waited for up to 5 s. Readers wait
/// for nobody. A task that holds a transaction and writes through `&db` waits for itself, until the timeout.
///
/// A database in memory (`sqlite::memory:`) lives as long as the `SqliteDb`, and has one connection: a task that holds it
/// and asks for another waits until the timeout. A file is the better choice for everything but small tests.
#[derive(Clone)]
pub struct SqliteDb(Arc<Inner>);

struct Inner {
    pool: Pool<Sqlite>,
    target: Target,
    /// A database in memory is gone with its last connection; this one stays, and is never used.
    keeper: Mutex<Option<SqliteConnection>>,
    plain: OnceLock<SqlitePool>,
}

impl SqliteDb {
    /// Opens the database of a configuration, as the component does. Relative paths start from `base`.
    ///
    /// Runs no migrations; see [`SqliteDb::migrate`].
    ///
    /// # Errors
    /// `Configuration` when there is no URL, or it is not one of SQLite; `Unavailable` when the database cannot be opened
    /// within `connect_timeout`. No error repeats the URL.
    ///
    /// # Cancellation
    /// Dropping the future closes what it opened.
    pub async fn connect(config: &DatabaseConfig, base: &Path) -> Result<Self> {
        let Some(url) = &config.url else {
            return Err(Error::new(
                ErrorKind::Configuration,
                "database.url is not set",
            ));
        };
        let target = Target::from_url(url.expose_secret(), base).map_err(|message| {
            Error::new(ErrorKind::Configuration, format!("database.url: {message}"))
        })?;
        Self::open(target, config, "database").await
    }

    pub(crate) async fn open(target: Target, config: &DatabaseConfig, name: &str) -> Result<Self> {
        let policy = policy(&target.place, config, name);
        Self::open_with(target, policy).await
    }

    pub(crate) async fn open_with(target: Target, policy: Policy) -> Result<Self> {
        target.prepare_folder()?;
        let keeper =
            match target.place {
                Place::Memory => Some(target.options.connect().await.map_err(|error| {
                    from_sqlx(error, "the database in memory could not be made")
                })?),
                Place::File(_) => None,
            };
        Ok(Self(Arc::new(Inner {
            pool: Pool::connect(target.options.clone(), policy).await?,
            target,
            keeper: Mutex::new(keeper),
            plain: OnceLock::new(),
        })))
    }

    /// A transaction that may write. It has the write lock from the start, so that nothing in it fails because somebody
    /// else wrote in between.
    ///
    /// # Errors
    /// `Unavailable` when it is not this one's turn within `database.acquire_timeout`.
    ///
    /// # Cancellation
    /// Dropping the future leaves nothing open.
    pub async fn begin(&self) -> Result<Transaction<Sqlite>> {
        self.0.pool.begin(true).await
    }

    /// A transaction that only reads: all its statements see the same state, and it keeps no writer waiting. A write in it
    /// fails when somebody else wrote since its first read.
    ///
    /// # Errors
    /// As [`SqliteDb::begin`].
    pub async fn begin_read(&self) -> Result<Transaction<Sqlite>> {
        self.0.pool.begin(false).await
    }

    /// A connection for several statements that need the same one.
    ///
    /// # Errors
    /// `Unavailable` when none gets free within `database.acquire_timeout`.
    pub async fn acquire(&self) -> Result<Acquired<Sqlite>> {
        self.0.pool.acquire().await
    }

    /// Where to read: the same database. For code that also runs with replicas.
    pub fn read(&self) -> &Self {
        self
    }

    /// A plain sqlx pool on the same database, with the same settings, for libraries that want one. It is made at the first
    /// call, has connections of its own, and follows sqlx's policy; its writers do not queue with ours but poll for the
    /// lock. SQLite has no limit for statements of its own, so `statement_timeout` does not hold there, and a reload of the
    /// configuration does not reach it.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn sqlx_pool(&self) -> &SqlitePool {
        self.0.plain.get_or_init(|| {
            let policy = self.0.pool.policy();
            SqlitePoolOptions::new()
                .max_connections(u32::try_from(policy.max_connections).unwrap_or(u32::MAX))
                .acquire_timeout(policy.acquire_timeout)
                .connect_lazy_with(self.0.target.options.clone())
        })
    }

    /// How full the pool is.
    pub fn status(&self) -> PoolStatus {
        self.0.pool.status()
    }

    /// Runs the migrations that the database does not have yet, in the order of their versions. Several processes may do so
    /// at once; each waits for its turn for up to `database.connect_timeout`. A database that is opened read-only is left
    /// alone.
    ///
    /// # Errors
    /// When a migration fails: it is rolled back, the ones before it stay. When one was changed after it was applied, or is
    /// in the database and not in `migrations`. `Unavailable` when the lock is not free in time, or a file that was begun
    /// outside of a transaction is not at its end by then.
    ///
    /// # Cancellation
    /// Dropping the future rolls back the migration that is under way.
    pub async fn migrate(&self, migrations: &Migrations) -> Result<()> {
        if self.0.target.read_only {
            return Ok(());
        }
        migrate::run(&self.0.pool, migrations).await
    }

    /// Closes all connections; nobody gets one any more. Those that are in use are waited for, up to `limit`.
    ///
    /// The application does this by itself when it stops. Dropping the last clone closes too, without waiting.
    ///
    /// # Errors
    /// `Timeout` when some were still in use; they close when they are given back.
    pub async fn close(&self, limit: Duration) -> Result<()> {
        let plain = async {
            if let Some(plain) = self.0.plain.get() {
                let _in_time = tokio::time::timeout(limit, plain.close()).await;
            }
        };
        let (closed, ()) = tokio::join!(self.0.pool.close(limit), plain);
        let keeper = self
            .0
            .keeper
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        drop(keeper);
        closed
    }

    pub(crate) fn pool(&self) -> &Pool<Sqlite> {
        &self.0.pool
    }
}

impl Wired for SqliteDb {
    const TYPE: &'static str = "SqliteDb";
    type Target = Target;

    fn target(config: &DatabaseConfig, section: &str, context: &Context) -> Result<Target> {
        let wrong = |message: String| {
            Error::new(
                ErrorKind::Configuration,
                format!("{section}.url: {message}"),
            )
        };
        let url = config.url.as_ref();
        let url = url.ok_or_else(|| wrong("required, and not set".to_owned()))?;
        let mut target = Target::from_url(url.expose_secret(), &context.base).map_err(wrong)?;
        target.shown = match &target.place {
            Place::File(path) => path
                .strip_prefix(&context.base)
                .unwrap_or(path)
                .display()
                .to_string(),
            Place::Memory => ":memory:".to_owned(),
        };
        Ok(target)
    }

    fn describe(target: &Target) -> String {
        target.shown.clone()
    }

    async fn open(target: Target, config: &DatabaseConfig, name: &str) -> Result<Self> {
        Self::open(target, config, name).await
    }

    async fn migrate(&self, migrations: &Migrations) -> Result<()> {
        Self::migrate(self, migrations).await
    }

    async fn close(&self, limit: Duration) -> Result<()> {
        Self::close(self, limit).await
    }

    fn renew(&self, target: Target, config: &DatabaseConfig) {
        let place = &self.0.target.place;
        if target.place != *place {
            tracing::warn!(
                target: "rustboot::config",
                database = self.0.pool.name(),
                "another SQLite file needs a restart"
            );
        }
        let policy = policy(place, config, self.0.pool.name());
        self.0.pool.renew(self.0.pool.options(), policy, false);
    }

    fn details(&self) -> Vec<(&'static str, serde_json::Value)> {
        vec![("path", self.0.target.place.to_string().into())]
    }
}

handle!(SqliteDb, Sqlite);

impl fmt::Debug for SqliteDb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SqliteDb({})", self.0.target.place)
    }
}

fn policy(place: &Place, config: &DatabaseConfig, name: &str) -> Policy {
    Policy {
        name: name.to_owned(),
        max_connections: match place {
            // With several, tables lock each other (SQLITE_LOCKED), and no timeout waits for that.
            Place::Memory => 1,
            Place::File(_) => config.max_connections as usize,
        },
        acquire_timeout: config.acquire_timeout,
        connect_timeout: config.connect_timeout,
        statement_timeout: config.statement_timeout,
        slow_query: config.slow_query,
        validate_after: Sqlite::VALIDATE_AFTER,
    }
}
