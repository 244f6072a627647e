//! One load: it belongs to the cache, has a limit, and whatever becomes of it, those who wait for it hear of it.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use rustboot_core::{Error, ErrorKind};
use rustboot_observe::correlation::with_correlation;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Ttl;
use super::absent::is_absent;
use super::flight::{Begun, Outcome};
use super::handle::Cacheable;
use super::inner::Inner;
use super::lifetime::Lifetime;
use super::metrics::Ending;
use super::tier::{Fate, Look, Seen, Tier};

/// How long a stale value that could not be loaded anew is left alone.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// What a load may fail with: an error that can be given to all who waited for it, and that can say that the load panicked
/// or took too long.
///
/// Every type that is `From<rustboot::Error>` and `Clone` is one; `rustboot::Error` itself, first of all.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of what is cached",
    note = "all who wait for a load get its error: derive `Clone` for it, and implement `From<rustboot::Error>`"
)]
pub trait LoadError: From<Error> + Clone + Send + Sync + 'static {}

impl<E: From<Error> + Clone + Send + Sync + 'static> LoadError for E {}

/// The loads of one cache, as tasks.
#[derive(Default)]
pub(crate) struct Loads {
    tasks: TaskTracker,
    stop: CancellationToken,
    warned: Mutex<Option<Instant>>,
}

impl Loads {
    /// Runs something beside the loads until the cache closes.
    #[cfg(feature = "redis")]
    pub(crate) fn run_beside(&self, work: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = work => {}
            }
        });
    }

    /// Whether no load begins any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Drops what is under way, and waits until it is gone.
    ///
    /// # Errors
    /// `Timeout` when something does not let go within the limit.
    pub(crate) async fn close(&self, limit: Duration) -> Result<(), Error> {
        self.stop.cancel();
        self.tasks.close();
        tokio::time::timeout(limit, self.tasks.wait())
            .await
            .map_err(|_| {
                Error::new(
                    ErrorKind::Timeout,
                    format!("{} loads do not end", self.tasks.len()),
                )
            })
    }

    /// Whether it is time for another warning: one a second says enough.
    fn may_warn(&self) -> bool {
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        let due = warned.is_none_or(|last| last.elapsed() >= Duration::from_secs(1));
        if due {
            *warned = Some(Instant::now());
        }
        due
    }
}

/// A load that has its place in the cache. Dropped, it gives the place up, and all who wait hear that nothing comes.
pub(crate) struct Load<V: Send + Sync + 'static, E: LoadError> {
    cache: Arc<Inner>,
    key: Arc<str>,
    id: u64,
    sender: watch::Sender<Outcome<V, E>>,
    ttl: Ttl,
    /// Whether there is an old value, which everybody gets meanwhile.
    is_refresh: bool,
}

impl<V: Cacheable, E: LoadError> Load<V, E> {
    pub(crate) fn new(
        cache: &Arc<Inner>,
        begun: Begun<V, E>,
        ttl: Ttl,
        is_refresh: bool,
    ) -> (Self, watch::Receiver<Outcome<V, E>>) {
        let load = Self {
            cache: Arc::clone(cache),
            key: begun.key,
            id: begun.id,
            sender: begun.sender,
            ttl,
            is_refresh,
        };
        (load, begun.outcome)
    }

    /// Runs it as a task of the cache. Log lines in it carry the ids of the request that began it.
    pub(crate) fn spawn(self, future: impl Future<Output = Result<V, E>> + Send + 'static) {
        let cache = Arc::clone(&self.cache);
        cache.loads.tasks.spawn(with_correlation(self.run(future)));
    }

    async fn run(self, future: impl Future<Output = Result<V, E>>) {
        let cache = &*self.cache;
        // What a load may replace; none when what it brings is kept in memory alone.
        let seen = match &cache.tier {
            Some(tier) => match self.look(&**tier).await {
                Ok(()) => return,
                Err(seen) => seen,
            },
            None => None,
        };
        let limit = cache.config.load().load_timeout;
        let began = Instant::now();
        let caught = AssertUnwindSafe(future).catch_unwind();
        let (ending, result) = tokio::select! {
            biased;
            () = cache.loads.stop.cancelled() => {
                // Not a load that failed: it is not counted.
                self.sender.send_replace(Some(Err(E::from(Error::unavailable("the application is stopping")))));
                return;
            }
            ended = tokio::time::timeout(limit, caught) => match ended {
                Ok(Ok(Ok(value))) => (Ending::Success, Ok(value)),
                Ok(Ok(Err(error))) => (Ending::Error, Err(error)),
                Ok(Err(_panic)) => (Ending::Panic, Err(E::from(Error::internal(
                    "what was to be cached panicked while it was loaded",
                )))),
                Err(_) => (Ending::Timeout, Err(E::from(Error::new(
                    ErrorKind::Timeout,
                    format!("what was to be cached was not loaded within {limit:?}"),
                )))),
            }
        };
        cache.metrics.loaded(ending, began.elapsed());
        let lifetime = match &result {
            Ok(value) => self.keep(value),
            Err(_) => {
                self.fail(ending);
                None
            }
        };
        let written = match (seen, lifetime, &result) {
            (Some(seen), Some(lifetime), Ok(value)) => cache
                .written(value, lifetime)
                .map(|written| (seen, written)),
            _ => None,
        };
        // Those who come from here on find the value, or begin anew.
        self.sender.send_replace(Some(result));
        if let (Some(tier), Some((seen, written))) = (&cache.tier, written)
            && tier.write(&self.key, seen, written).await == Fate::Overtaken
        {
            // Another replica removed the key, or has a newer value; its news may not have come yet.
            cache.memory.remove(&self.key);
        }
    }

    /// Asks the second tier. When it has the value, that is it; else comes what a load may replace there.
    async fn look(&self, tier: &dyn Tier) -> Result<(), Option<Seen>> {
        let cache = &*self.cache;
        let (kept, seen) = match tier.read(&self.key).await {
            Look::Found(kept, seen) => (kept, seen),
            Look::Nothing(seen) => return Err(Some(seen)),
            Look::Unknown => return Err(None),
        };
        let Some(value) = cache.read::<V>(&kept) else {
            return Err(Some(seen));
        };
        if self.is_refresh && !kept.is_fresh() {
            return Err(Some(seen));
        }
        cache.found(&kept);
        // A stale one is loaded anew by whoever asks next.
        let entry = cache.entry(&self.key, &value, kept.lifetime());
        cache.memory.end(&self.key, self.id, entry);
        self.sender.send_replace(Some(Ok(value)));
        Ok(())
    }

    /// Keeps a value in memory. Returns for how long others may have it: not at all when the key was removed meanwhile.
    fn keep(&self, value: &V) -> Option<Lifetime> {
        let cache = &*self.cache;
        let lifetime = self
            .ttl
            .starting_now(&cache.config.load(), is_absent(value));
        let entry = lifetime.and_then(|lifetime| cache.entry(&self.key, value, lifetime));
        let valid = cache.memory.end(&self.key, self.id, entry);
        lifetime.filter(|_| valid)
    }

    fn fail(&self, ending: Ending) {
        let cache = &*self.cache;
        if self.is_refresh {
            let left = cache.memory.postpone(&self.key, RETRY_AFTER);
            if let Some(left) = left
                && cache.loads.may_warn()
            {
                tracing::warn!(
                    target: "rustboot::cache",
                    cache = cache.name,
                    outcome = ending.name(),
                    for_another = ?left,
                    "a stale value could not be loaded anew and is given out as it is"
                );
            }
        }
        cache.memory.end(&self.key, self.id, None);
    }
}

impl<V: Send + Sync + 'static, E: LoadError> Drop for Load<V, E> {
    fn drop(&mut self) {
        // After a run that ended this finds nothing.
        self.cache.memory.end(&self.key, self.id, None);
    }
}

/// Waits for a load.
pub(crate) async fn outcome<V: Cacheable, E: LoadError>(
    mut receiver: watch::Receiver<Outcome<V, E>>,
) -> Result<V, E> {
    let gone = || E::from(Error::unavailable("what was to be cached was not loaded"));
    match receiver.wait_for(Option::is_some).await {
        Ok(outcome) => outcome.clone().unwrap_or_else(|| Err(gone())),
        // The task was dropped: its runtime is going down.
        Err(_) => Err(gone()),
    }
}
