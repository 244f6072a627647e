//! A lock that is held.

use std::fmt;
use std::sync::Arc;

use rustboot_core::{Error, ErrorKind, Result};

use super::metrics::Metrics;
use crate::lease::Hold;

/// A lock that is held, from [`Lock::acquire`](super::Lock::acquire). It is renewed in the background until it is dropped, which gives
/// it back.
///
/// It can be lost: when Redis cannot be reached for as long as the lease, or forgets it. Then somebody else may have it. What is
/// done under the lock should end then ([`LockGuard::run`]), and whatever it writes to should refuse a
/// [token](LockGuard::token) that is smaller than one it has seen.
#[must_use = "dropping it gives the lock back"]
pub struct LockGuard {
    /// `None` once it is given back.
    hold: Option<Hold>,
    name: String,
    token: u64,
    metrics: Arc<Metrics>,
}

impl LockGuard {
    pub(super) fn new(hold: Hold, metrics: &Arc<Metrics>) -> Self {
        metrics.held.increment(1.0);
        Self {
            name: hold.name().to_owned(),
            token: hold.token(),
            hold: Some(hold),
            metrics: Arc::clone(metrics),
        }
    }

    /// The name of the lock.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A number that is larger than that of everybody who held this lock before: the fencing token. Send it along with what is
    /// written under the lock (`UPDATE … WHERE fence <= $token`), and what a holder writes who does not know yet that he has
    /// lost it is refused.
    ///
    /// It is a time in microseconds since 1970, and grows by one at least. After a fail-over to a replica that had not heard of the last
    /// one, it is larger as long as the clocks of the two servers are not further apart than the fail-over took.
    pub fn token(&self) -> u64 {
        self.token
    }

    /// Whether the lock is held at this moment, as far as can be known from here. Looks at a clock; asks nobody.
    pub fn is_held(&self) -> bool {
        self.hold.as_ref().is_some_and(Hold::is_held)
    }

    /// Waits until the lock is lost. Never ends while it is held; in memory, never.
    ///
    /// # Cancellation
    /// Dropping the future is fine at any time.
    pub async fn lost(&self) {
        match &self.hold {
            Some(hold) => hold.lost().await,
            None => std::future::pending().await,
        }
    }

    /// Runs something for as long as the lock is held: it is dropped at its next await when the lock is lost.
    ///
    /// # Errors
    /// What the future returns; `Unavailable` when the lock was lost before its end.
    pub async fn run<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            biased;
            () = self.lost() => Err(self.is_lost()),
            outcome = work => outcome,
        }
    }

    /// Gives the lock back, and waits until that is done. Dropping the guard does the same in the background.
    ///
    /// # Errors
    /// `Unavailable` when the lock had been lost; what was done under it may have been done twice. `Unavailable` or `Timeout` when Redis does
    /// not answer; the lock ends with its lease.
    pub async fn release(mut self) -> Result<()> {
        let Some(hold) = self.hold.take() else {
            return Ok(());
        };
        self.metrics.held.decrement(1.0);
        match hold.release().await? {
            true => Ok(()),
            false => {
                self.metrics.lost.increment(1);
                Err(self.is_lost())
            }
        }
    }

    fn is_lost(&self) -> Error {
        Error::new(
            ErrorKind::Unavailable,
            format!("the lock `{}` was lost", self.name),
        )
    }
}

impl Drop for LockGuard {
    fn drop(&mut self) {
        if let Some(hold) = &self.hold {
            self.metrics.held.decrement(1.0);
            if !hold.is_held() {
                self.metrics.lost.increment(1);
            }
        }
    }
}

impl fmt::Debug for LockGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LockGuard")
            .field("name", &self.name)
            .field("token", &self.token)
            .field("is_held", &self.is_held())
            .finish()
    }
}
