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
use super::inner::Inner;
use super::load::{Load, LoadError, Loads, outcome};
use super::memory::{Found, Memory, Next};
use super::metrics::{CacheMetrics, Refusal};
#[cfg(feature = "redis")]
use super::redis::{OnRedis, listen};
use super::tier::{Look, Tier};

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
        let metrics = Arc::new(CacheMetrics::new(&name, None));
        let shared = Arc::new(ArcSwap::from_pointee(config.clone()));
        Self::new(name, shared, metrics, None)
    }

    /// A cache in memory and in a Redis, made by hand. All with the same `name` in the same Redis, under the same
    /// `redis.key_prefix`, share their values, and hear of what the others remove.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[cfg(feature = "redis")]
    pub fn on_redis(
        name: impl Into<String>,
        config: &CacheConfig,
        redis: &crate::Redis,
        pubsub: &crate::PubSub,
    ) -> Self {
        Self::beside(name.into(), config, redis, pubsub).0
    }

    #[cfg(feature = "redis")]
    pub(crate) fn beside(
        name: String,
        config: &CacheConfig,
        redis: &crate::Redis,
        pubsub: &crate::PubSub,
    ) -> (Self, Arc<OnRedis>) {
        let metrics = Arc::new(CacheMetrics::new(&name, Some("redis")));
        let config = Arc::new(ArcSwap::from_pointee(config.clone()));
        let tier = Arc::new(OnRedis::new(redis, pubsub, &name, &config, &metrics));
        let shared: Arc<dyn Tier> = Arc::clone(&tier) as _;
        let cache = Self::new(name, config, metrics, Some(shared));
        let news = listen(Arc::downgrade(&cache.0), Arc::clone(&tier));
        cache.0.loads.run_beside(news);
        (cache, tier)
    }

    fn new(
        name: String,
        config: Arc<ArcSwap<CacheConfig>>,
        metrics: Arc<CacheMetrics>,
        tier: Option<Arc<dyn Tier>>,
    ) -> Self {
        Self(Arc::new(Inner {
            memory: Memory::new(config.load().limit(), Arc::clone(&metrics)),
            config,
            tier,
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
                let found = self.look_up(key).await;
                if found.is_none() {
                    self.0.metrics.misses.increment(1);
                }
                found
            }
        }
    }

    async fn look_up<V: Cacheable>(&self, key: &str) -> Option<V> {
        let tier = self.0.tier.as_ref()?;
        let look_up = self.0.memory.look_up(key);
        let Look::Found(kept, _) = tier.read(key).await else {
            return None;
        };
        let value = self.0.read::<V>(&kept)?;
        if !kept.is_fresh() {
            return None;
        }
        self.0.found(&kept);
        if let Some(entry) = self.0.entry(key, &value, kept.lifetime()) {
            look_up.keep(entry);
        }
        Some(value)
    }

    /// The value of a key, loaded when there is none.
    ///
    /// - However many ask for the same key at the same time, one loads it, and all get what it brings, an error too. An error
    ///   is not kept: whoever asks next loads again.
    /// - `load` is called at once, and only when the value is not in memory. Its future owns what it needs, since it is a task
    ///   of the cache's own: it goes on when whoever began it is gone (a client that hung up), and the others get the value.
    ///   With Redis, the future runs only when the value is not there either.
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
    ///
    /// While `cache.enabled` is false this is [`Cache::remove`]: what is kept of the key elsewhere is not this value.
    pub async fn insert<V: Cacheable>(&self, key: &str, ttl: impl Into<Ttl>, value: V) {
        if !self.is_enabled() {
            return self.remove(key).await;
        }
        if !self.fits(key) {
            return;
        }
        let lifetime = ttl
            .into()
            .starting_now(&self.0.config.load(), is_absent(&value));
        let inner = &self.0;
        let entry = lifetime.and_then(|lifetime| inner.entry(key, &value, lifetime));
        let written = match (&inner.tier, lifetime) {
            (Some(_), Some(lifetime)) => inner.written(&value, lifetime),
            _ => None,
        };
        match entry {
            Some(entry) => inner.memory.insert(key, entry),
            None => inner.memory.remove(key),
        }
        match (&inner.tier, written) {
            (Some(tier), Some(written)) => tier.replace(key, written).await,
            (Some(tier), None) => tier.remove(key).await,
            (None, _) => {}
        }
    }

    /// Forgets a key, because what it stands for has changed. Call it after the change: nobody who asks after that gets what
    /// was read before it, also not from a load that is under way.
    ///
    /// With Redis, the other replicas are told. When Redis cannot be asked, this one does not use what is there of the key, and
    /// removes it and tells the others as soon as Redis can be asked again; until then, what the others have in memory lives for
    /// up to `memory_ttl`. All of that is so while `cache.enabled` is false as well: replicas are not switched off in one moment, and
    /// what is in Redis is there when the cache is switched on again.
    ///
    /// # Cancellation
    /// Dropped half-way, it is done in the background.
    pub async fn remove(&self, key: &str) {
        self.0.memory.remove(key);
        if let Some(tier) = &self.0.tier {
            if !self.fits(key) {
                return;
            }
            tier.remove(key).await;
            // What a load may have found there in between.
            self.0.memory.remove(key);
        }
    }

    /// Forgets everything, on all replicas, whether or not `cache.enabled` is true on this one.
    pub async fn clear(&self) {
        self.0.memory.clear();
        if let Some(tier) = &self.0.tier {
            tier.clear().await;
            self.0.memory.clear();
        }
    }

    /// Whether anything of that key is kept.
    fn keeps(&self, key: &str) -> bool {
        self.is_enabled() && self.fits(key)
    }

    fn is_enabled(&self) -> bool {
        self.0.config.load().enabled
    }

    /// Whether anything of that key may have been kept at any time.
    fn fits(&self, key: &str) -> bool {
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
        self.0.loads.close(limit).await?;
        if let Some(tier) = &self.0.tier {
            // Removals that Redis has not heard of: this is the last chance to tell.
            let _in_time = tokio::time::timeout(limit, tier.close()).await;
        }
        Ok(())
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
