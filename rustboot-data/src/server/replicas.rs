//! Copies of a database to read from: which of them are alive, and how far behind.
//!
//! A task asks each of them once a second, on a session of its own: a replica whose pool is busy is no dead one. A statement never waits for that: it looks at two atomics. What it will not do: read
//! your own writes, or send a statement to the primary because it looks like a write.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sqlx::Error;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::health::ReplicaHealth;
use crate::pool::{Driver, Pool, Session};

/// How often each is asked.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// How long an answer may take.
const ANSWER_LIMIT: Duration = Duration::from_secs(1);

/// A database that can be a replica of another one.
pub(crate) trait Replica: Clone + Send + Sync + 'static {
    type Driver: Driver;

    fn pool(&self) -> &Pool<Self::Driver>;
}

/// What is known of one.
#[derive(Debug, Default)]
struct State {
    alive: AtomicBool,
    /// In milliseconds.
    lag: AtomicU64,
}

/// The replicas of one database.
pub(crate) struct Replicas<R> {
    members: Vec<(R, Arc<State>)>,
    next: AtomicUsize,
    /// In milliseconds.
    max_lag: AtomicU64,
    task: OnceLock<AbortHandle>,
}

impl<R> Default for Replicas<R> {
    fn default() -> Self {
        Self {
            members: Vec::new(),
            next: AtomicUsize::new(0),
            max_lag: AtomicU64::new(0),
            task: OnceLock::new(),
        }
    }
}

impl<R: Replica> Replicas<R> {
    /// Begins to look after them. Nobody waits for one that is not there: it is read from when it is.
    pub(crate) fn watched(members: Vec<R>, max_lag: Duration) -> Self {
        let members: Vec<_> = members
            .into_iter()
            .map(|replica| (replica, Arc::new(State::default())))
            .collect();
        let mut replicas = Self::default();
        replicas.members = members;
        replicas.limit_lag(max_lag);
        if !replicas.members.is_empty() {
            let members = replicas.members.iter().cloned();
            let mut probes: Vec<_> = members.map(Probe::new).collect();
            // Its owner is the database, which ends it.
            let task = Handle::current().spawn(async move {
                let mut ticks = interval(ASK_EVERY);
                ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
                loop {
                    ticks.tick().await;
                    futures_util::future::join_all(probes.iter_mut().map(Probe::ask)).await;
                }
            });
            // Set once, right here.
            let _first = replicas.task.set(task.abort_handle());
        }
        replicas
    }

    /// One to read from, in turn.
    pub(crate) fn choose(&self) -> Option<&R> {
        let count = self.members.len();
        if count == 0 {
            return None;
        }
        let max_lag = self.max_lag.load(Ordering::Relaxed);
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        (0..count)
            .map(|offset| &self.members[(first.wrapping_add(offset)) % count])
            .find(|(_, state)| state.is_fit(max_lag))
            .map(|(replica, _)| replica)
    }

    pub(crate) fn limit_lag(&self, max_lag: Duration) {
        let max_lag = u64::try_from(max_lag.as_millis()).unwrap_or(u64::MAX);
        self.max_lag.store(max_lag, Ordering::Relaxed);
    }

    pub(crate) fn members(&self) -> impl Iterator<Item = &R> {
        self.members.iter().map(|(replica, _)| replica)
    }

    pub(crate) fn health(&self) -> Vec<ReplicaHealth> {
        let max_lag = self.max_lag.load(Ordering::Relaxed);
        self.members
            .iter()
            .map(|(replica, state)| ReplicaHealth {
                at: R::Driver::place(&replica.pool().options()),
                alive: state.alive.load(Ordering::Relaxed),
                lag_ms: state.lag.load(Ordering::Relaxed),
                read_from: state.is_fit(max_lag),
            })
            .collect()
    }

    pub(crate) async fn close(&self, limit: Duration) {
        if let Some(task) = self.task.get() {
            task.abort();
        }
        let closed = self.members().map(|replica| replica.pool().close(limit));
        for outcome in futures_util::future::join_all(closed).await {
            if let Err(error) = outcome {
                tracing::debug!(target: "rustboot::sql", error = %error, "a replica did not close in order");
            }
        }
    }
}

impl<R> Drop for Replicas<R> {
    fn drop(&mut self) {
        if let Some(task) = self.task.get() {
            task.abort();
        }
    }
}

impl State {
    fn is_fit(&self, max_lag: u64) -> bool {
        self.alive.load(Ordering::Relaxed) && self.lag.load(Ordering::Relaxed) <= max_lag
    }
}

/// Asks one of them, again and again.
struct Probe<R: Replica> {
    replica: R,
    state: Arc<State>,
    session: Option<Session<R::Driver>>,
}

impl<R: Replica> Probe<R> {
    fn new((replica, state): (R, Arc<State>)) -> Self {
        Self {
            replica,
            state,
            session: None,
        }
    }

    async fn ask(&mut self) {
        // A session that does not answer goes with the future.
        let kept = self.session.take();
        let pool = self.replica.pool();
        let answer = async {
            let mut session = match kept.filter(|session| pool.is_current(session)) {
                Some(session) => session,
                None => pool.extra(ANSWER_LIMIT).await?,
            };
            let lag = R::Driver::lag(session.unwatched()).await?;
            Ok((lag, session))
        };
        let answer = timeout(ANSWER_LIMIT, answer)
            .await
            .unwrap_or(Err(Error::PoolTimedOut));
        let state = &self.state;
        let was_alive = state.alive.load(Ordering::Relaxed);
        match answer {
            Ok((lag, session)) => {
                self.session = Some(session);
                let lag = u64::try_from(lag.as_millis()).unwrap_or(u64::MAX);
                state.lag.store(lag, Ordering::Relaxed);
                state.alive.store(true, Ordering::Relaxed);
                if !was_alive {
                    tracing::info!(target: "rustboot::sql", replica = pool.name(), lag_ms = lag, "the replica can be read from");
                }
            }
            Err(error) => {
                state.alive.store(false, Ordering::Relaxed);
                if was_alive {
                    tracing::warn!(target: "rustboot::sql", replica = pool.name(), error = %error, "the replica cannot be read from");
                } else {
                    tracing::debug!(target: "rustboot::sql", replica = pool.name(), error = %error, "the replica cannot be read from");
                }
            }
        }
    }
}
