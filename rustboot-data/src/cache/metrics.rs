//! The metrics of one cache. Every handle is looked up once, when the cache is made; a hit only touches an atomic.

use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use rustboot_observe::metrics::names;

/// How a load ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Success,
    Error,
    Timeout,
    Panic,
}

impl Ending {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Success, "success"),
        (Self::Error, "error"),
        (Self::Timeout, "timeout"),
        (Self::Panic, "panic"),
    ];

    /// As in the label `outcome`.
    pub(crate) fn name(self) -> &'static str {
        Self::ALL.get(self as usize).map_or("", |(_, name)| name)
    }
}

/// Why something was not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The key is too long.
    Key,
    /// The value cannot be written as JSON.
    Value,
    /// The value is too large for Redis.
    #[cfg(feature = "redis")]
    Size,
}

/// What Redis was asked to do.
#[cfg(feature = "redis")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RedisOperation {
    Read,
    Write,
    Remove,
    Publish,
}

#[cfg(feature = "redis")]
impl RedisOperation {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Read, "read"),
        (Self::Write, "write"),
        (Self::Remove, "remove"),
        (Self::Publish, "publish"),
    ];
}

/// The handles of one cache.
pub(crate) struct CacheMetrics {
    /// Values that were there and fresh.
    pub(crate) hits: Counter,
    /// Values that were there, and are loaded again in the background.
    pub(crate) stale_hits: Counter,
    /// Keys that had no value.
    pub(crate) misses: Counter,
    /// Values in memory.
    pub(crate) entries: Gauge,
    /// Values that had to go for others.
    pub(crate) evicted_for_size: Counter,
    /// Values that went because their time was over.
    pub(crate) expired: Counter,
    loads: [Histogram; Ending::ALL.len()],
    keys_refused: Counter,
    values_refused: Counter,
    /// What is known of values in the second tier only when there is one.
    pub(crate) tier: Option<TierMetrics>,
    #[cfg(feature = "redis")]
    sizes_refused: Counter,
    #[cfg(feature = "redis")]
    redis_errors: Option<[Counter; RedisOperation::ALL.len()]>,
}

/// The handles of the second tier.
pub(crate) struct TierMetrics {
    pub(crate) hits: Counter,
    pub(crate) stale_hits: Counter,
    /// Values that were written as another type, or by another version of it.
    pub(crate) undecodable: Counter,
}

impl CacheMetrics {
    /// Looks up the handles of a cache in the recorder of the process; without one, they do nothing.
    pub(crate) fn new(cache: &str, tier: Option<&'static str>) -> Self {
        let hits = |tier: &'static str, state: &'static str| counter!(names::CACHE_HITS, "cache" => cache.to_owned(), "tier" => tier, "state" => state);
        let evictions = |cause: &'static str| counter!(names::CACHE_EVICTIONS, "cache" => cache.to_owned(), "cause" => cause);
        let refused = |reason: &'static str| counter!(names::CACHE_REFUSED, "cache" => cache.to_owned(), "reason" => reason);
        Self {
            hits: hits("memory", "fresh"),
            stale_hits: hits("memory", "stale"),
            misses: counter!(names::CACHE_MISSES, "cache" => cache.to_owned()),
            entries: gauge!(names::CACHE_ENTRIES, "cache" => cache.to_owned()),
            evicted_for_size: evictions("size"),
            expired: evictions("expired"),
            loads: Ending::ALL.map(|(_, outcome)| {
                histogram!(names::CACHE_LOAD_DURATION, "cache" => cache.to_owned(), "outcome" => outcome)
            }),
            keys_refused: refused("key"),
            values_refused: refused("value"),
            tier: tier.map(|tier| TierMetrics {
                hits: hits(tier, "fresh"),
                stale_hits: hits(tier, "stale"),
                undecodable: counter!(names::CACHE_UNDECODABLE, "cache" => cache.to_owned()),
            }),
            #[cfg(feature = "redis")]
            sizes_refused: refused("size"),
            #[cfg(feature = "redis")]
            redis_errors: tier.map(|_| {
                RedisOperation::ALL.map(|(_, operation)| {
                    counter!(names::CACHE_REDIS_ERRORS, "cache" => cache.to_owned(), "operation" => operation)
                })
            }),
        }
    }

    /// One load, from its begin to its end.
    pub(crate) fn loaded(&self, ending: Ending, took: Duration) {
        if let Some(histogram) = self.loads.get(ending as usize) {
            histogram.record(took);
        }
    }

    pub(crate) fn refused(&self, refusal: Refusal) {
        match refusal {
            Refusal::Key => self.keys_refused.increment(1),
            Refusal::Value => self.values_refused.increment(1),
            #[cfg(feature = "redis")]
            Refusal::Size => self.sizes_refused.increment(1),
        }
    }

    /// Redis was asked, and did not answer.
    #[cfg(feature = "redis")]
    pub(crate) fn redis_failed(&self, operation: RedisOperation) {
        let errors = self.redis_errors.as_ref();
        if let Some(counter) = errors.and_then(|errors| errors.get(operation as usize)) {
            counter.increment(1);
        }
    }
}
