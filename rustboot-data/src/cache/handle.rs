//! What a user calls.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use rustboot_core::Result;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Ttl;
use super::absent::is_absent;
use super::config::CacheConfig;
use super::load::{Load, LoadError, Loads, outcome};
use super::memory::{Found, Memory, Next};
use super::metrics::{CacheMetrics, Refusal};

/// The longest key that is kept, in bytes. Keys hold what clients send; a longer one is loaded each time.
const LONGEST_KEY: usize = 1024;

/// What can be kept: anything that serde can write and read, and that can be cloned.
///
/// A hit is a clone. What is expensive to clone goes into an `Arc`: `Arc<Catalog>` can be cached too. Its JSON is written when
/// something needs it: `max_bytes` does.
pub trait Cacheable: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {}

impl<V: Serialize + DeserializeOwned + Clone + Send + Sync + 'static> Cacheable for V {}

/// Values that took time to make, kept for a while: a component and an extractor. Cloning copies a pointer.
///
/// ```no_run
/// use std::time::Duration;
/// use rustboot_core::Result;
/// use rustboot_data::Cache;
/// # #[derive(Clone, serde::Serialize, serde::Deserialize)] struct Rates;
/// # async fn ask_the_bank(_: String) -> Result<Rates> { Ok(Rates) }
///
/// async fn rates(cache: &Cache, currency: &str) -> Result<Rates> {
///     let key = format!("rates:{currency}");
///     let currency = currency.to_owned();
///     cache
///         .get_or_load(&key, Duration::from_secs(60), || ask_the_bank(currency))
///         .await
/// }
/// ```
///
/// A key has one type: asked for as another one, it is not there. The keys of one cache are one space; a prefix keeps those of
/// different kinds apart. A key may have 1024 bytes; what has a longer one is loaded each time, and counted
/// (`cache_refused_total`), so that no client can fill the memory with keys.
///
/// When the cache is full, those values go that were asked for least (TinyLFU): a flood of new keys does not push out what is
/// asked for all the time.
#[derive(Clone)]
pub struct Cache(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) name: String,
    pub(crate) config: ArcSwap<CacheConfig>,
    pub(crate) memory: Memory,
    pub(crate) loads: Loads,
    pub(crate) metrics: Arc<CacheMetrics>,
}

impl Cache {
    /// A cache in memory, made by hand: for tests, and for applications without modules. `name` is its label in metrics.
    ///
    /// ```
    /// use std::time::Duration;
    /// use rustboot_data::{Cache, CacheConfig};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let cache = Cache::in_memory("rates", &CacheConfig::default());
    /// cache.insert("rates:EUR", Duration::from_secs(60), 1.08_f64).await;
    /// assert_eq!(cache.get::<f64>("rates:EUR").await, Some(1.08));
    /// # }
    /// ```
    pub fn in_memory(name: impl Into<String>, config: &CacheConfig) -> Self {
        let name = name.into();
        let metrics = Arc::new(CacheMetrics::new(&name));
        Self(Arc::new(Inner {
            memory: Memory::new(config.limit(), Arc::clone(&metrics)),
            config: ArcSwap::from_pointee(config.clone()),
            loads: Loads::default(),
            metrics,
            name,
        }))
    }

    /// Its name: `default`, or the NAME of `[caches.NAME]`.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The value of a key, while it is fresh.
    ///
    /// Never fails: a cache that does not work has nothing.
    pub async fn get<V: Cacheable>(&self, key: &str) -> Option<V> {
        if !self.keeps(key) {
            return None;
        }
        match self.0.memory.read(key) {
            Found::Fresh(value) => {
                self.0.metrics.hits.increment(1);
                Some(value)
            }
            Found::Stale { .. } | Found::Nothing => {
                self.0.metrics.misses.increment(1);
                None
            }
        }
    }

    /// The value of a key, loaded when there is none.
    ///
    /// - However many ask for the same key at the same time, one loads it, and all get what it brings, an error too. An error
    ///   is not kept: whoever asks next loads again.
    /// - `load` is called at once, and only when there is something to load. Its future owns what it needs, since it is a task
    ///   of the cache's own: it goes on when whoever began it is gone (a client that hung up), and the others get the value.
    /// - A stale value ([`Ttl::stale`]) is returned at once, and loaded anew in the background; when that fails, the old one
    ///   is given out until its time is over, with a second between two attempts.
    /// - `Ok(None)` of an `Option` is a value like any other, kept for at most `cache.negative_ttl`.
    ///
    /// # Errors
    /// The error of the load, as a clone: its kind, detail, and the same source. `Internal` when it panicked, `Timeout` when it
    /// took longer than `cache.load_timeout`.
    ///
    /// # Cancellation
    /// Dropping the future ends the wait, and not the load.
    ///
    /// # Panics
    /// Outside of a tokio runtime, and when `load` panics before it returns its future.
    pub async fn get_or_load<V, F, Fut>(&self, key: &str, ttl: impl Into<Ttl>, load: F) -> Result<V>
    where
        V: Cacheable,
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<V>> + Send + 'static,
    {
        self.get_or_try_load(key, ttl.into(), load).await
    }

    /// The same with an error of one's own. What `#[cached]` calls; by hand, [`Cache::get_or_load`] leaves less to the
    /// compiler to infer.
    ///
    /// # Errors
    /// As [`Cache::get_or_load`].
    ///
    /// # Panics
    /// As [`Cache::get_or_load`].
    pub async fn get_or_try_load<V, E, F, Fut>(&self, key: &str, ttl: Ttl, load: F) -> Result<V, E>
    where
        V: Cacheable,
        E: LoadError,
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<V, E>> + Send + 'static,
    {
        if !self.keeps(key) {
            return load().await;
        }
        let inner = &self.0;
        match inner.memory.read(key) {
            Found::Fresh(value) => {
                inner.metrics.hits.increment(1);
                return Ok(value);
            }
            Found::Stale { value, refresh } => {
                inner.metrics.stale_hits.increment(1);
                if refresh {
                    self.refresh(key, ttl, load);
                }
                return Ok(value);
            }
            Found::Nothing => inner.metrics.misses.increment(1),
        }
        if inner.loads.is_closed() {
            return load().await;
        }
        let receiver = match inner.memory.next(key) {
            Next::Take(value) => return Ok(value),
            Next::Wait(receiver) => receiver,
            Next::Load(begun) => {
                let (run, receiver) = Load::new(inner, begun, ttl, false);
                run.spawn(load());
                receiver
            }
        };
        outcome(receiver).await
    }

    fn refresh<V, E, F, Fut>(&self, key: &str, ttl: Ttl, load: F)
    where
        V: Cacheable,
        E: LoadError,
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<V, E>> + Send + 'static,
    {
        if self.0.loads.is_closed() {
            return;
        }
        if let Some(begun) = self.0.memory.begin(key) {
            let (run, _nobody_waits) = Load::new(&self.0, begun, ttl, true);
            run.spawn(load());
        }
    }

    /// Keeps a value. What is being loaded for the same key is not kept then, since it may be older.
    pub async fn insert<V: Cacheable>(&self, key: &str, ttl: impl Into<Ttl>, value: V) {
        if !self.keeps(key) {
            return;
        }
        let lifetime = ttl
            .into()
            .starting_now(&self.0.config.load(), is_absent(&value));
        let entry = lifetime.map(|lifetime| self.0.memory.entry(key, &value, lifetime));
        match entry {
            Some(Some(entry)) => self.0.memory.insert(key, entry),
            Some(None) => {
                self.0.metrics.refused(Refusal::Value);
                self.0.memory.remove(key);
            }
            None => self.0.memory.remove(key),
        }
    }

    /// Forgets a key, because what it stands for has changed. Call it after the change: nobody who asks after that gets what
    /// was read before it, also not from a load that is under way.
    pub async fn remove(&self, key: &str) {
        self.0.memory.remove(key);
    }

    /// Forgets everything.
    pub async fn clear(&self) {
        self.0.memory.clear();
    }

    /// Whether anything of that key is kept.
    fn keeps(&self, key: &str) -> bool {
        if !self.0.config.load().enabled {
            return false;
        }
        if key.len() > LONGEST_KEY {
            self.0.metrics.refused(Refusal::Key);
            return false;
        }
        true
    }

    /// Goes on under a new configuration. What is there keeps the time that it has.
    pub(crate) fn renew(&self, config: &CacheConfig) {
        self.0.config.store(Arc::new(config.clone()));
        if !config.enabled {
            self.0.memory.clear();
        }
    }

    /// Drops the loads under way. Values can still be read; what is asked for from here on is loaded by whoever asks.
    ///
    /// The application does this by itself when it stops.
    ///
    /// # Errors
    /// `Timeout` when a load does not let go within the limit.
    pub async fn close(&self, limit: Duration) -> Result<()> {
        self.0.loads.close(limit).await
    }

    #[cfg(test)]
    pub(crate) fn count(&self) -> (u64, usize) {
        self.0.memory.count()
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cache({})", self.0.name)
    }
}
