//! [`Lock`]: component and extractor.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use rustboot_core::component::{ComponentKey, Dependency, Injectable, Resolver};
use rustboot_core::{Error, ErrorKind, Result};
use tokio::time::{Instant, sleep_until};

use super::config::{LockConfig, SHORTEST_LEASE};
use super::guard::LockGuard;
use super::metrics::Metrics;
use crate::lease::{Claim, Hold, Queues, Store, Taken};

/// The longest name, in bytes. Names may hold what clients send.
const LONGEST_NAME: usize = 512;

/// Pauses between two looks at a lock that somebody else has.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

/// Locks with names: of all those who ask for one of a name, on all replicas, one has it at a time. A component and an extractor.
/// Cloning copies a pointer.
///
/// They are in Redis when there is one (`redis.url`), else in this process, for this process alone; `/conditions` says which.
///
/// ```
/// use rustboot_core::Result;
/// use rustboot_data::Lock;
///
/// async fn settle(lock: &Lock, account: u64) -> Result<()> {
///     let guard = lock.acquire(&format!("account:{account}")).await?;
///     guard
///         .run(async {
///             // Nobody else settles this account. `guard.token()` goes along with what is written.
///             Ok(())
///         })
///         .await?;
///     guard.release().await
/// }
/// ```
///
/// Those who wait in one process stand in line. Between processes there is no order. A lock is not reentrant: whoever has it and asks
/// again waits for himself.
#[derive(Clone)]
pub struct Lock {
    inner: Arc<Inner>,
    /// Another lease than the configured one.
    lease: Option<Duration>,
}

struct Inner {
    store: Store,
    queues: Queues,
    config: ArcSwap<LockConfig>,
    metrics: Arc<Metrics>,
}

impl Lock {
    pub(super) fn new(store: Store, config: LockConfig) -> Self {
        Self {
            inner: Arc::new(Inner {
                store,
                queues: Queues::default(),
                config: ArcSwap::from_pointee(config),
                metrics: Arc::new(Metrics::new()),
            }),
            lease: None,
        }
    }

    /// Locks of this process, made by hand: for tests, and for applications without modules.
    pub fn in_memory(config: LockConfig) -> Self {
        Self::new(Store::memory(), config)
    }

    /// Locks in a Redis, made by hand.
    #[cfg(feature = "redis")]
    pub fn on_redis(redis: &crate::Redis, config: LockConfig) -> Self {
        Self::new(Store::redis(redis.clone()), config)
    }

    /// The same locks, with another lease than `lock.lease`: how long one stays taken when its holder is gone. At least 500 ms.
    #[must_use]
    pub fn with_lease(&self, lease: Duration) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            lease: Some(lease.max(SHORTEST_LEASE)),
        }
    }

    /// Takes a lock, and waits for it up to `lock.acquire_timeout`.
    ///
    /// # Errors
    /// `Unavailable` when somebody else has it for all that time, and when Redis is down; `Timeout` when Redis does not answer. `Internal` when
    /// the name is empty or longer than 512 bytes.
    ///
    /// # Cancellation
    /// Dropping the future gives up the place in line, and gives back what may have been taken.
    pub async fn acquire(&self, name: &str) -> Result<LockGuard> {
        let wait = self.inner.config.load().acquire_timeout;
        self.acquire_within(name, wait).await
    }

    /// Takes a lock, and waits for it up to `wait`.
    ///
    /// # Errors
    /// As for [`Lock::acquire`].
    ///
    /// # Cancellation
    /// As for [`Lock::acquire`].
    pub async fn acquire_within(&self, name: &str, wait: Duration) -> Result<LockGuard> {
        self.take(name, wait).await?.ok_or_else(|| {
            Error::new(
                ErrorKind::Unavailable,
                format!("the lock `{name}` was not free within {wait:?}"),
            )
        })
    }

    /// Takes a lock if nobody has it; `None` if somebody does. Waits for nobody but Redis.
    ///
    /// # Errors
    /// As for [`Lock::acquire`], but for the lock that is not free.
    ///
    /// # Cancellation
    /// Dropping the future gives back what may have been taken.
    pub async fn try_acquire(&self, name: &str) -> Result<Option<LockGuard>> {
        self.take(name, Duration::ZERO).await
    }

    async fn take(&self, name: &str, wait: Duration) -> Result<Option<LockGuard>> {
        if name.is_empty() || name.len() > LONGEST_NAME {
            return Err(Error::internal(format!(
                "the name of a lock has 1 to {LONGEST_NAME} bytes, and this one has {}",
                name.len()
            )));
        }
        let lease = self.lease.unwrap_or_else(|| self.inner.config.load().lease);
        let began = Instant::now();
        let outcome = self.take_by(name, lease, began + wait).await;
        let acquired = outcome.as_ref().ok().map(Option::is_some);
        self.inner.metrics.waited(acquired, began.elapsed());
        Ok(outcome?.map(|hold| LockGuard::new(hold, &self.inner.metrics)))
    }

    async fn take_by(&self, name: &str, lease: Duration, by: Instant) -> Result<Option<Hold>> {
        let Some((place, waited)) = self.inner.queues.wait(name, by).await else {
            return Ok(None);
        };
        let mut claim = Claim::new(&self.inner.store, name, Some(place));
        let mut pause = FIRST_PAUSE;
        if waited && self.inner.store.expires() {
            // So that those of other processes get it as well, who look now and then.
            sleep_until(by.min(Instant::now() + some_of(LONGEST_PAUSE))).await;
        }
        loop {
            let asked = Instant::now();
            match claim.attempt(lease).await? {
                Taken::Ours(token) => return Ok(Some(Hold::begin(claim, token, asked, lease))),
                Taken::Theirs(_) if asked >= by => return Ok(None),
                Taken::Theirs(rest) => {
                    // When it ends by itself, it is not looked at late.
                    let pause_now = some_of(pause).min(rest.unwrap_or(pause));
                    sleep_until(by.min(Instant::now() + pause_now)).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    pub(super) fn renew(&self, config: LockConfig) {
        self.inner.config.store(Arc::new(config));
    }

    #[cfg(test)]
    pub(super) fn lines(&self) -> usize {
        self.inner.queues.len()
    }
}

/// From half of it to all of it: those who wait do not all look at the same moment.
fn some_of(pause: Duration) -> Duration {
    pause.mul_f64(0.5 + fastrand::f64() / 2.0)
}

impl fmt::Debug for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = match self.inner.store.expires() {
            true => "on Redis",
            false => "in memory",
        };
        write!(f, "Lock({place})")
    }
}

// Messages of the compiler shall not depend on features.
#[diagnostic::do_not_recommend]
impl Injectable for Lock {
    fn dependency() -> Option<Dependency> {
        Some(Dependency::required(ComponentKey::of::<Self>()))
    }

    fn inject(resolver: &Resolver<'_>) -> Result<Self> {
        let found = resolver.component::<Self>(None);
        found
            .map(|lock| Self::clone(&lock))
            .ok_or_else(|| Error::new(ErrorKind::Configuration, "there is no component Lock"))
    }
}

#[cfg(feature = "axum")]
impl<S: Send + Sync + 'static> axum_core::extract::FromRequestParts<S> for Lock {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut http::request::Parts, state: &S) -> Result<Self> {
        rustboot_core::extract::injected(parts, state)
    }
}
