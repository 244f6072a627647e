//! A pool with a policy of its own, over sqlx connections.
//!
//! sqlx's pool pings a connection when it is taken and again, in a task of its own, when it comes back: two round trips on
//! each query, and a connection that is away for longer than it is used (`benches/README.md` has the figures). Here a connection
//! goes straight from one user to the next. It is looked over only when there is a reason:
//!
//! | what happened | what is done before the next user |
//! |---|---|
//! | nothing | nothing |
//! | nothing was heard on it for a while (1 s with a server, 30 s with SQLite), its last error was one that a broken connection gives too, or another connection broke since it was used | a ping, with a limit |
//! | a statement, a commit or a transaction was left in the middle: a cancelled future, a drop, a panic | it is stopped and rolled back at once: with a server by a task of its own, in SQLite by whoever comes next |
//! | somebody used the connection past our eyes, or ran `BEGIN` or `LISTEN` as plain SQL | one `ROLLBACK`, in case |
//! | its error was one that a connection does not survive | it is dropped |
//! | any of that fails | the connection is dropped, and another one takes its place |
//! | the configuration has another URL or statement timeout | it is dropped, and the next one is made with the new one |
//!
//! A statement on `&pool` is one future of less than a kilobyte, which malloc hands out fast: what is rare on its way (connecting,
//! pinging, cleaning, waiting with a limit) has a box of its own. When a session is free, there is no timer, and the clock is read
//! twice: once before the statement, once after it.
//!
//! deadpool keeps the sessions, [`Places`] the queue and the limit. While a server owes answers, the watchdog looks whether it is alive at all
//! ([`watchdog`]); an idle pool has no timer. What it will not do: shrink, replace connections by age, or retry a statement.

mod acquired;
mod connect;
mod driver;
mod executor;
mod manager;
mod rows;
mod running;
mod session;
mod statement;
mod terms;
mod transaction;
mod watch;
mod watchdog;

use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;

use deadpool::managed::{self, PoolError, QueueMode};
use futures_util::poll;
use rustboot_core::{Error, Result};
use tokio::sync::{Notify, Semaphore};
use tokio::time::sleep;

pub use acquired::Acquired;
pub(crate) use driver::{Driver, RunShownBy};
pub(crate) use rows::Rows;
#[cfg(feature = "mysql")]
pub(crate) use running::undone;
pub use session::Session;

pub(crate) use statement::Statement;
pub use transaction::Transaction;

use crate::error::from_sqlx;
use crate::metrics::PoolMetrics;
use crate::places::{Places, Waiting};
use manager::{Manager, Terms};
use watchdog::{Pulses, Watchdog};

/// The limits of a pool.
#[derive(Debug, Clone, PartialEq)]
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
    /// Times are counted from here, so that they fit into atomics.
    origin: Instant,
    /// In nanoseconds, as all times here; 0 is none.
    statement_timeout: AtomicU64,
    slow_query: AtomicU64,
    validate_after: AtomicU64,
    /// When a session was last found to be broken, since the origin: those that were not heard of after that are pinged.
    distrusted: AtomicU64,
    /// The same for one that did not even answer: those go without a ping, since each would cost its limit.
    disowned: AtomicU64,
    /// The server does not answer at all.
    silent: AtomicBool,
    /// Rings for whoever listens when it refuses the credentials. Copies of one database share the bell.
    refused: Arc<Notify>,
    /// That of the terms, to look at without the terms.
    generation: AtomicU64,
    pulses: Pulses,
}

/// The connections to one database. Cloning copies a pointer.
pub struct Pool<DB: Driver>(Arc<Inner<DB>>);

pub(crate) struct Inner<DB: Driver> {
    sessions: managed::Pool<Manager<DB>>,
    /// For each of those that are out, or on their way out.
    places: Places,
    /// Where writers queue, when the database has one at a time.
    writer: Option<Arc<Semaphore>>,
    shared: Arc<Shared>,
    leased: AtomicUsize,
    waiting: AtomicUsize,
    returned: Notify,
    watchdog: Watchdog,
}

/// The limits of a pool are ours to keep.
static NONE_OF_DEADPOOLS: managed::Timeouts = managed::Timeouts {
    wait: None,
    create: None,
    recycle: None,
};

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
    pub(crate) fn new(options: DB::Options, policy: Policy) -> Self {
        Self::with_bell(options, policy, Arc::default())
    }

    fn with_bell(options: DB::Options, policy: Policy, refused: Arc<Notify>) -> Self {
        let shared = Arc::new(Shared {
            metrics: PoolMetrics::new(DB::SYSTEM, &policy.name),
            name: policy.name.clone(),
            origin: Instant::now(),
            statement_timeout: AtomicU64::new(policy.statement_timeout.map_or(0, nanos)),
            slow_query: AtomicU64::new(nanos(policy.slow_query)),
            validate_after: AtomicU64::new(nanos(policy.validate_after)),
            distrusted: AtomicU64::new(0),
            disowned: AtomicU64::new(0),
            silent: AtomicBool::new(false),
            refused,
            generation: AtomicU64::new(0),
            pulses: Pulses::default(),
        });
        let places = Places::new(policy.max_connections);
        let mut config = managed::PoolConfig::new(policy.max_connections);
        // The one that was used last has warm caches; the others may rest.
        config.queue_mode = QueueMode::Lifo;
        let manager = Manager {
            terms: ArcSwap::from_pointee(Terms {
                options,
                policy,
                generation: 0,
            }),
            shared: Arc::clone(&shared),
        };
        let builder = managed::Pool::builder(manager).config(config);
        let sessions = match builder.build() {
            Ok(sessions) => sessions,
            Err(managed::BuildError::NoRuntimeSpecified) => {
                unreachable!("deadpool needs a runtime only for its own timeouts, which are off")
            }
        };
        let inner = Arc::new(Inner {
            sessions,
            places,
            writer: DB::ONE_WRITER.then(|| Arc::new(Semaphore::new(1))),
            shared,
            leased: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            returned: Notify::new(),
            watchdog: Watchdog::default(),
        });
        if DB::REMOTE {
            watchdog::start(&inner);
        }
        Self(inner)
    }

    /// A pool for a copy of the same database. Whoever listens for credentials that are refused here hears of those that are refused
    /// there.
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    pub(crate) fn copy(&self, options: DB::Options, policy: Policy) -> Self {
        Self::with_bell(options, policy, Arc::clone(&self.0.shared.refused))
    }

    pub(crate) fn name(&self) -> &str {
        &self.0.shared.name
    }

    fn terms(&self) -> Arc<Terms<DB>> {
        self.0.sessions.manager().terms.load_full()
    }

    pub(crate) fn policy(&self) -> Policy {
        self.terms().policy.clone()
    }

    /// Takes a session, and a writer's turn with it. A turn comes first: writers that wait hold no connection, so that
    /// readers are never kept out by them.
    pub(crate) async fn lease(&self, writes: bool) -> Result<Acquired<DB>, sqlx::Error> {
        let inner = &self.0;
        if DB::REMOTE && inner.shared.silent.load(Ordering::Relaxed) {
            return Err(watchdog::no_answer());
        }
        let mut wait = pin!(self.next(writes));
        // Mostly there is a session: then there is no timer, and no look at the clock.
        if let Poll::Ready(outcome) = poll!(wait.as_mut()) {
            inner.shared.metrics.waited(Duration::ZERO);
            return outcome;
        }
        // In a box: only those that wait need room for it.
        Box::pin(self.in_time(wait)).await
    }

    /// Goes on waiting for a session, with a limit.
    async fn in_time(
        &self,
        mut wait: Pin<&mut impl Future<Output = Result<Acquired<DB>, sqlx::Error>>>,
    ) -> Result<Acquired<DB>, sqlx::Error> {
        let inner = &self.0;
        let began = Instant::now();
        let limit = inner.sessions.manager().terms.load().policy.acquire_timeout;
        let _waiting = Waiting::begin(&inner.waiting);
        let mut late = pin!(sleep(limit));
        // Just now.
        let mut is_asked = true;
        let outcome = poll_fn(|cx| {
            if !is_asked && let Poll::Ready(outcome) = wait.as_mut().poll(cx) {
                return Poll::Ready(outcome);
            }
            is_asked = false;
            late.as_mut()
                .poll(cx)
                .map(|()| Err(sqlx::Error::PoolTimedOut))
        })
        .await;
        inner.shared.metrics.waited(began.elapsed());
        outcome
    }

    /// The next session, however long that takes.
    async fn next(&self, writes: bool) -> Result<Acquired<DB>, sqlx::Error> {
        let inner = &self.0;
        let turn = match &inner.writer {
            Some(writer) if writes => {
                // In a box for the sake of those that do not queue here.
                let turn = Box::pin(Arc::clone(writer).acquire_owned()).await;
                Some(turn.map_err(|_| sqlx::Error::PoolClosed)?)
            }
            _ => None,
        };
        let place = inner.places.take().await.ok_or(sqlx::Error::PoolClosed)?;
        let session = inner.sessions.timeout_get(&NONE_OF_DEADPOOLS).await;
        let session = session.map_err(|error| match error {
            PoolError::Backend(error) => error,
            PoolError::Closed => sqlx::Error::PoolClosed,
            // Neither deadpool's timeouts nor its hooks are in use.
            PoolError::Timeout(_)
            | PoolError::NoRuntimeSpecified
            | PoolError::PostCreateHook(_) => sqlx::Error::PoolTimedOut,
        })?;
        Ok(Acquired::new(session, place, inner, turn))
    }

    /// A session for several statements.
    ///
    /// # Errors
    /// `Unavailable` when none gets free in time, the pool is closed, or the database cannot be reached.
    pub(crate) async fn acquire(&self) -> Result<Acquired<DB>> {
        let mut session = self
            .lease(false)
            .await
            .map_err(|error| self.no_session(error))?;
        session.is_taken_for_later();
        Ok(session)
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
            max: status.max_size,
        }
    }

    pub(crate) fn options(&self) -> DB::Options {
        self.terms().options.clone()
    }

    /// A session of its own, outside of the pool and its limit: for migrations, and to ask how a replica is.
    pub(crate) async fn extra(&self, wait: Duration) -> Result<Session<DB>, sqlx::Error> {
        let terms = self.terms();
        let patient = Terms {
            options: DB::patient(&terms.options, wait),
            policy: Policy {
                // A migration takes as long as it takes.
                statement_timeout: None,
                ..terms.policy.clone()
            },
            generation: terms.generation,
        };
        Session::open(&patient, &self.0.shared).await
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
            .field("name", &self.name())
            .field("status", &self.status())
            .finish()
    }
}

impl Shared {
    fn now(&self) -> u64 {
        nanos(self.origin.elapsed())
    }
}

/// A duration for an atomic. Never 0, which stands for none.
fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos())
        .unwrap_or(u64::MAX)
        .max(1)
}
