//! What happens to a pool as a whole: new terms after a reload of the configuration, and its end.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rustboot_core::{Error, ErrorKind, Result};
use tokio::time::timeout_at;

#[cfg(any(feature = "postgres", feature = "mysql"))]
use super::Session;
use super::{Driver, Policy, Pool, Terms, nanos};

impl<DB: Driver> Pool<DB> {
    /// Goes on under new terms: limits count from now on, and connections are made with the new options. Those that are there
    /// are dropped when they are free, if they were made with others.
    pub(crate) fn renew(&self, options: DB::Options, policy: Policy, other_options: bool) {
        let old = self.terms();
        let shared = &self.0.shared;
        let anew = other_options || policy.statement_timeout != old.policy.statement_timeout;
        let store = |to: &std::sync::atomic::AtomicU64, value| to.store(value, Ordering::Relaxed);
        store(
            &shared.statement_timeout,
            policy.statement_timeout.map_or(0, nanos),
        );
        store(&shared.slow_query, nanos(policy.slow_query));
        let size = policy.max_connections;
        let generation = old.generation + u64::from(anew);
        let resized = size != old.policy.max_connections;
        self.0.sessions.manager().terms.store(Arc::new(Terms {
            options,
            policy,
            generation,
        }));
        // After the terms: a session that was made under them in between is taken for one of others, at worst.
        shared.generation.store(generation, Ordering::Release);
        if resized {
            self.0.sessions.resize(size);
            self.0.places.resize(size);
        }
        if anew {
            drop(self.0.sessions.retain(|_, _| false));
        }
    }

    /// Whether a session was made under the terms of now.
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    pub(crate) fn is_current(&self, session: &Session<DB>) -> bool {
        session.generation() == self.0.shared.generation.load(Ordering::Acquire)
    }

    /// The limit for a statement, as it is when that is called.
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    pub(crate) fn statement_limit(&self) -> impl Fn() -> Option<Duration> + Send + Sync + 'static {
        let shared = Arc::clone(&self.0.shared);
        move || {
            let limit = shared.statement_timeout.load(Ordering::Relaxed);
            (limit != 0).then(|| Duration::from_nanos(limit))
        }
    }

    /// Waits until the database, or a copy of it, refuses the credentials of a new session, from now on.
    pub(crate) async fn refused(&self) {
        self.0.shared.refused.notified().await;
    }

    /// Closes it: nobody gets a session any more, those that are out are waited for, all are ended in order.
    ///
    /// # Errors
    /// When sessions were still out at the limit. They end when they are given back.
    pub(crate) async fn close(&self, limit: Duration) -> Result<()> {
        let deadline = tokio::time::Instant::now() + limit;
        let idle = self.0.sessions.retain(|_, _| false).removed;
        self.0.places.close();
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
                ErrorKind::Timeout,
                format!(
                    "{} connections of the pool `{}` were still in use after {limit:?}",
                    self.status().in_use,
                    self.name()
                ),
            )
        })
    }
}
