//! A pool with a policy of its own, over sqlx connections.
//!
//! sqlx's pool pings a connection when it is taken and again, in a task of its own, when it comes back: two round trips on
//! each query, and a connection that is away for longer than it is used (`reference/perf.md`, section 8). Here a connection
//! goes straight from one user to the next. It is looked over only when there is a reason:
//!
//! | what happened | what is done before the next user |
//! |---|---|
//! | nothing | nothing |
//! | it was idle for longer than 30 s, or the last error was one that a broken connection gives too | a ping |
//! | a statement, a commit or a transaction was left in the middle: a cancelled future, a drop, a panic | it is stopped and rolled back at once, and waited for by the next user |
//! | somebody used the connection past our eyes, or ran `BEGIN` as plain SQL | one `ROLLBACK`, in case |
//! | any of that fails | the connection is dropped, and another one takes its place |
//!
//! deadpool does the queue and the slots. No task runs in the background; an idle connection costs nothing but itself. What
//! it will not do: shrink, replace connections by age, or retry a statement.

mod acquired;
mod connect;
mod driver;
mod executor;
mod manager;
mod rows;
mod session;
mod statement;
mod transaction;
mod watch;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use deadpool::managed::{self, PoolError, QueueMode};
use rustboot_core::{Error, Result};
use tokio::sync::{Notify, Semaphore};
use tokio::time::{timeout, timeout_at};

pub use acquired::Acquired;
pub(crate) use driver::Driver;
pub(crate) use rows::Rows;
pub use session::Session;
pub(crate) use statement::Statement;
pub use transaction::Transaction;

use crate::error::from_sqlx;
use crate::metrics::PoolMetrics;
use manager::Manager;

/// The limits of a pool.
#[derive(Debug, Clone)]
pub(crate) struct Policy {
    /// The name in metrics and logs.
    pub(crate) name: String,
    pub(crate) max_connections: usize,
    pub(crate) acquire_timeout: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) statement_timeout: Option<Duration>,
    pub(crate) slow_query: Duration,
    /// After how much idleness a connection is pinged before it is used.
    pub(crate) validate_after: Duration,
}

/// What the sessions of a pool share.
pub(crate) struct Shared {
    name: String,
    metrics: PoolMetrics,
    statement_timeout: Option<Duration>,
    slow_query: Duration,
}

/// The connections to one database. Cloning copies a pointer.
pub struct Pool<DB: Driver>(Arc<Inner<DB>>);

pub(crate) struct Inner<DB: Driver> {
    sessions: managed::Pool<Manager<DB>>,
    /// Where writers queue, when the database has one at a time.
    writer: Option<Arc<Semaphore>>,
    shared: Arc<Shared>,
    leased: AtomicUsize,
    waiting: AtomicUsize,
    returned: Notify,
}

/// Counts one who waits, for as long as it lives.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn begin(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How full a pool is. The numbers are read one after the other, and may not fit together in a busy moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolStatus {
    /// Connections that are open.
    pub size: usize,
    /// Connections that are open and free.
    pub available: usize,
    /// Connections that somebody has.
    pub in_use: usize,
    /// How many wait for a connection, or for their turn to write.
    pub waiting: usize,
    /// How many connections there may be.
    pub max: usize,
}

impl<DB: Driver> Pool<DB> {
    /// A pool that has not connected yet.
    fn new(options: DB::Options, policy: Policy) -> Self {
        let shared = Arc::new(Shared {
            metrics: PoolMetrics::new(DB::SYSTEM, &policy.name),
            name: policy.name.clone(),
            statement_timeout: policy.statement_timeout,
            slow_query: policy.slow_query,
        });
        let mut config = managed::PoolConfig::new(policy.max_connections);
        // The one that was used last has warm caches; the others may rest.
        config.queue_mode = QueueMode::Lifo;
        let manager = Manager {
            options,
            policy,
            shared: Arc::clone(&shared),
        };
        let builder = managed::Pool::builder(manager).config(config);
        let sessions = match builder.build() {
            Ok(sessions) => sessions,
            Err(managed::BuildError::NoRuntimeSpecified) => {
                unreachable!("deadpool needs a runtime only for its own timeouts, which are off")
            }
        };
        Self(Arc::new(Inner {
            sessions,
            writer: DB::ONE_WRITER.then(|| Arc::new(Semaphore::new(1))),
            shared,
            leased: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            returned: Notify::new(),
        }))
    }

    pub(crate) fn policy(&self) -> &Policy {
        &self.0.sessions.manager().policy
    }

    /// Takes a session, and a writer's turn with it. A turn comes first: writers that wait hold no connection, so that
    /// readers are never kept out by them.
    pub(crate) async fn lease(&self, writes: bool) -> Result<Acquired<DB>, sqlx::Error> {
        let inner = &self.0;
        let began = Instant::now();
        let waiting = Waiting::begin(&inner.waiting);
        let wait = async {
            let turn = match &inner.writer {
                Some(writer) if writes => {
                    let turn = Arc::clone(writer).acquire_owned().await;
                    Some(turn.map_err(|_| sqlx::Error::PoolClosed)?)
                }
                _ => None,
            };
            let session = inner.sessions.get().await.map_err(|error| match error {
                PoolError::Backend(error) => error,
                PoolError::Closed => sqlx::Error::PoolClosed,
                // Neither deadpool's timeouts nor its hooks are in use.
                PoolError::Timeout(_)
                | PoolError::NoRuntimeSpecified
                | PoolError::PostCreateHook(_) => sqlx::Error::PoolTimedOut,
            })?;
            Ok(Acquired::new(session, inner, turn))
        };
        let outcome = timeout(self.policy().acquire_timeout, wait).await;
        drop(waiting);
        inner.shared.metrics.waited(began.elapsed());
        outcome.unwrap_or(Err(sqlx::Error::PoolTimedOut))
    }

    /// A session for several statements.
    ///
    /// # Errors
    /// `Unavailable` when none gets free in time, the pool is closed, or the database cannot be reached.
    pub(crate) async fn acquire(&self) -> Result<Acquired<DB>> {
        self.lease(false)
            .await
            .map_err(|error| self.no_session(error))
    }

    /// A transaction.
    pub(crate) async fn begin(&self, writes: bool) -> Result<Transaction<DB>> {
        let session = self
            .lease(writes)
            .await
            .map_err(|error| self.no_session(error))?;
        let statement = if writes { DB::BEGIN_TO_WRITE } else { None };
        Transaction::begin(session, statement)
            .await
            .map_err(|error| from_sqlx(error, "the transaction could not be begun"))
    }

    fn no_session(&self, error: sqlx::Error) -> Error {
        let PoolStatus {
            in_use,
            waiting,
            max,
            ..
        } = self.status();
        let Policy {
            name,
            acquire_timeout,
            ..
        } = self.policy();
        from_sqlx(
            error,
            format_args!(
                "no connection of the pool `{name}` within {acquire_timeout:?} ({in_use} of {max} in use, {waiting} waiting)"
            ),
        )
    }

    pub(crate) fn status(&self) -> PoolStatus {
        let status = self.0.sessions.status();
        PoolStatus {
            size: status.size,
            available: status.available,
            in_use: self.0.leased.load(Ordering::Relaxed),
            waiting: self.0.waiting.load(Ordering::Relaxed),
            max: self.policy().max_connections,
        }
    }

    pub(crate) fn options(&self) -> &DB::Options {
        &self.0.sessions.manager().options
    }

    /// A session of its own, outside of the pool and its limit: for migrations.
    pub(crate) async fn extra(&self, wait: Duration) -> Result<Session<DB>, sqlx::Error> {
        Session::open(&DB::patient(self.options(), wait), &self.0.shared).await
    }

    /// Closes it: nobody gets a session any more, those that are out are waited for, all are ended in order.
    ///
    /// # Errors
    /// When sessions were still out at the limit. They end when they are given back.
    pub(crate) async fn close(&self, limit: Duration) -> Result<()> {
        let deadline = tokio::time::Instant::now() + limit;
        let idle = self.0.sessions.retain(|_, _| false).removed;
        self.0.sessions.close();
        if let Some(writer) = &self.0.writer {
            writer.close();
        }
        let ended = async {
            for session in idle {
                if let Err(error) = session.close().await {
                    tracing::debug!(target: "rustboot::sql", error = %error, "a connection did not end in order");
                }
            }
            while self.0.leased.load(Ordering::Acquire) > 0 {
                self.0.returned.notified().await;
            }
        };
        timeout_at(deadline, ended).await.map_err(|_| {
            Error::new(
                rustboot_core::ErrorKind::Timeout,
                format!(
                    "{} connections of the pool `{}` were still in use after {limit:?}",
                    self.status().in_use,
                    self.policy().name
                ),
            )
        })
    }
}

impl<DB: Driver> Clone for Pool<DB> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<DB: Driver> fmt::Debug for Pool<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("name", &self.policy().name)
            .field("status", &self.status())
            .finish()
    }
}
