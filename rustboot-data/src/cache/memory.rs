//! The values in the memory of the process: bounded, each with its own time, typed by whoever reads them.
//!
//! Values and loads stand under one lock where they meet (begin and end of a load, `insert`, `remove`), so that they have an
//! order. A hit takes no lock of ours.

use std::any::Any;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use moka::notification::RemovalCause;
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::Instant;

use super::config::Limit;
use super::flight::{Begun, Flights, Outcome};
use super::lifetime::Lifetime;
use super::metrics::CacheMetrics;

/// What an entry takes beside its key and its value, about.
const OVERHEAD: usize = 128;

/// The values of one cache, and the loads that bring more.
pub(crate) struct Memory {
    entries: moka::sync::Cache<Arc<str>, Entry>,
    flights: Mutex<Flights>,
    weighs: bool,
    metrics: Arc<CacheMetrics>,
}

/// A value with its time.
#[derive(Clone)]
pub(crate) struct Entry {
    value: Arc<dyn Any + Send + Sync>,
    lifetime: Lifetime,
    /// When a stale value may be loaded anew; later when the last attempt failed.
    refresh_at: Instant,
    weight: u32,
}

/// What there is of a key.
#[derive(Debug)]
pub(crate) enum Found<V> {
    Fresh(V),
    Stale {
        value: V,
        /// Whether it is time to load it anew.
        refresh: bool,
    },
    Nothing,
}

/// What whoever found nothing has to do.
pub(crate) enum Next<V, E> {
    /// Take what has come meanwhile.
    Take(V),
    /// Wait for a load that is under way.
    Wait(watch::Receiver<Outcome<V, E>>),
    /// Load it.
    Load(Begun<V, E>),
}

impl Memory {
    pub(crate) fn new(limit: Limit, metrics: Arc<CacheMetrics>) -> Self {
        let capacity = match limit {
            Limit::Entries(entries) => entries,
            Limit::Bytes(bytes) => bytes.as_u64(),
        };
        let counted = Arc::clone(&metrics);
        let entries = moka::sync::Cache::builder()
            .max_capacity(capacity)
            .weigher(|_, entry: &Entry| entry.weight)
            .expire_after(Remaining)
            .eviction_listener(move |_, _, cause| {
                counted.entries.decrement(1.0);
                match cause {
                    RemovalCause::Size => counted.evicted_for_size.increment(1),
                    RemovalCause::Expired => counted.expired.increment(1),
                    RemovalCause::Explicit | RemovalCause::Replaced => {}
                }
            })
            .build();
        Self {
            entries,
            flights: Mutex::default(),
            weighs: matches!(limit, Limit::Bytes(_)),
            metrics,
        }
    }

    /// What there is of a key. A value of another type is none.
    pub(crate) fn read<V: Clone + 'static>(&self, key: &str) -> Found<V> {
        let Some(entry) = self.entries.get(key) else {
            return Found::Nothing;
        };
        let Some(value) = entry.value.downcast_ref::<V>() else {
            return Found::Nothing;
        };
        let now = Instant::now();
        if now < entry.lifetime.fresh_until {
            Found::Fresh(value.clone())
        } else if now < entry.lifetime.dead_at {
            Found::Stale {
                value: value.clone(),
                refresh: now >= entry.refresh_at,
            }
        } else {
            Found::Nothing
        }
    }

    /// A value on its way in. None when it cannot be weighed, and so not be bounded.
    pub(crate) fn entry<V>(&self, key: &str, value: &V, lifetime: Lifetime) -> Option<Entry>
    where
        V: Serialize + Clone + Send + Sync + 'static,
    {
        let weight = if self.weighs {
            let bytes = written(value)?
                .saturating_add(key.len())
                .saturating_add(OVERHEAD);
            u32::try_from(bytes).unwrap_or(u32::MAX)
        } else {
            1
        };
        Some(Entry {
            value: Arc::new(value.clone()),
            lifetime,
            refresh_at: lifetime.fresh_until,
            weight,
        })
    }

    /// Says what to do about a key that had nothing.
    pub(crate) fn next<V, E>(&self, key: &str) -> Next<V, E>
    where
        V: Clone + Send + Sync + 'static,
        E: Send + Sync + 'static,
    {
        let mut flights = self.flights();
        if let Some(outcome) = flights.find::<V, E>(key) {
            return Next::Wait(outcome);
        }
        // A load that ended since we looked.
        match self.read(key) {
            Found::Fresh(value) | Found::Stale { value, .. } => Next::Take(value),
            Found::Nothing => Next::Load(flights.begin(key)),
        }
    }

    /// Begins a load, unless one is under way.
    pub(crate) fn begin<V, E>(&self, key: &str) -> Option<Begun<V, E>>
    where
        V: Send + Sync + 'static,
        E: Send + Sync + 'static,
    {
        let mut flights = self.flights();
        match flights.find::<V, E>(key) {
            Some(_) => None,
            None => Some(flights.begin(key)),
        }
    }

    /// Says that a value is looked up elsewhere, so that a `remove` meanwhile is noticed. It ends as a load does.
    pub(crate) fn look_up(&self, key: &str) -> LookUp<'_> {
        struct Elsewhere;
        // Nobody waits for it: nobody asks for that type.
        let begun = self.flights().begin::<Elsewhere, ()>(key);
        LookUp {
            memory: self,
            key: begun.key,
            id: begun.id,
        }
    }

    /// Ends a load, and keeps what it brought when there is something to keep and nobody removed the key meanwhile. False when
    /// somebody did.
    pub(crate) fn end(&self, key: &Arc<str>, id: u64, brought: Option<Entry>) -> bool {
        let mut flights = self.flights();
        let valid = flights.end(key, id);
        if let (true, Some(entry)) = (valid, brought) {
            self.put(Arc::clone(key), entry);
        }
        valid
    }

    /// Keeps a value that somebody has. What is being loaded for the key is not kept.
    pub(crate) fn insert(&self, key: &str, entry: Entry) {
        let mut flights = self.flights();
        flights.forget(key);
        self.put(key.into(), entry);
    }

    /// Removes a value, and lets nobody keep one that was read before.
    pub(crate) fn remove(&self, key: &str) {
        let mut flights = self.flights();
        flights.forget(key);
        self.entries.invalidate(key);
    }

    /// Removes all.
    pub(crate) fn clear(&self) {
        let mut flights = self.flights();
        flights.forget_all();
        self.entries.invalidate_all();
        // They are gone for readers; this frees them.
        self.entries.run_pending_tasks();
    }

    /// Keeps a stale value that could not be loaded anew for as long as it would have been kept, and lets nobody try again
    /// before `pause` is over. Returns for how long it is still given out.
    pub(crate) fn postpone(&self, key: &Arc<str>, pause: Duration) -> Option<Duration> {
        let _flights = self.flights();
        let mut entry = self.entries.get(&**key)?;
        let now = Instant::now();
        if now < entry.lifetime.fresh_until || now >= entry.lifetime.dead_at {
            return None;
        }
        entry.refresh_at = now + pause;
        let left = entry.lifetime.dead_at - now;
        self.put(Arc::clone(key), entry);
        Some(left)
    }

    fn put(&self, key: Arc<str>, entry: Entry) {
        self.metrics.entries.increment(1.0);
        self.entries.insert(key, entry);
    }

    fn flights(&self) -> MutexGuard<'_, Flights> {
        // Nothing in here can panic half-way.
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many values there are, and how many loads are under way, with all that is overdue done.
    #[cfg(test)]
    pub(crate) fn count(&self) -> (u64, usize) {
        self.entries.run_pending_tasks();
        (self.entries.entry_count(), self.flights().len())
    }
}

/// A value that is looked up elsewhere. Dropped, nothing is kept.
pub(crate) struct LookUp<'a> {
    memory: &'a Memory,
    key: Arc<str>,
    id: u64,
}

impl LookUp<'_> {
    /// Keeps what was found, unless somebody removed the key meanwhile.
    pub(crate) fn keep(self, entry: Entry) {
        self.memory.end(&self.key, self.id, Some(entry));
    }
}

impl Drop for LookUp<'_> {
    fn drop(&mut self) {
        // After it was kept this finds nothing.
        self.memory.end(&self.key, self.id, None);
    }
}

/// Tells moka when an entry may be freed. Whether it may be read is decided when it is read, by tokio's clock: tests can
/// move that.
struct Remaining;

impl moka::Expiry<Arc<str>, Entry> for Remaining {
    fn expire_after_create(
        &self,
        _: &Arc<str>,
        entry: &Entry,
        _: std::time::Instant,
    ) -> Option<Duration> {
        Some(
            entry
                .lifetime
                .dead_at
                .saturating_duration_since(Instant::now()),
        )
    }

    fn expire_after_update(
        &self,
        key: &Arc<str>,
        entry: &Entry,
        updated_at: std::time::Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        self.expire_after_create(key, entry, updated_at)
    }
}

/// How long a value is as JSON.
fn written(value: &impl Serialize) -> Option<usize> {
    struct Count(usize);
    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 = self.0.saturating_add(bytes.len());
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    serde_json::to_writer(&mut count, value).ok()?;
    Some(count.0)
}
