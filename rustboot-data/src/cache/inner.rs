//! What the clones of a `Cache` share, and what a value becomes on its way into one of the tiers and out of it.

use std::sync::Arc;

use arc_swap::ArcSwap;

use super::config::CacheConfig;
use super::handle::Cacheable;
use super::lifetime::Lifetime;
use super::load::Loads;
use super::memory::{Entry, Memory};
use super::metrics::{CacheMetrics, Refusal};
use super::tier::{Kept, Tier, Written};

pub(crate) struct Inner {
    pub(crate) name: String,
    pub(crate) config: Arc<ArcSwap<CacheConfig>>,
    /// What it has in common with other replicas.
    pub(crate) tier: Option<Arc<dyn Tier>>,
    pub(crate) memory: Memory,
    pub(crate) loads: Loads,
    pub(crate) metrics: Arc<CacheMetrics>,
}

impl Inner {
    /// A value on its way into memory. None when it cannot be weighed.
    pub(crate) fn entry<V: Cacheable>(
        &self,
        key: &str,
        value: &V,
        lifetime: Lifetime,
    ) -> Option<Entry> {
        let lifetime = match self.tier {
            Some(_) => lifetime.within(self.config.load().memory_ttl),
            None => lifetime,
        };
        let entry = self.memory.entry(key, value, lifetime);
        if entry.is_none() {
            self.metrics.refused(Refusal::Value);
        }
        entry
    }

    /// A value on its way into the second tier. None when it cannot be written.
    pub(crate) fn written<V: Cacheable>(&self, value: &V, lifetime: Lifetime) -> Option<Written> {
        let written = Written::new(value, lifetime);
        if written.is_none() {
            self.metrics.refused(Refusal::Value);
        }
        written
    }

    /// A value of the second tier. None, and counted, when it was written as something else.
    pub(crate) fn read<V: Cacheable>(&self, kept: &Kept) -> Option<V> {
        let value = kept.value();
        if let (None, Some(metrics)) = (&value, &self.metrics.tier) {
            metrics.undecodable.increment(1);
        }
        value
    }

    /// Counts a value of the second tier.
    pub(crate) fn found(&self, kept: &Kept) {
        if let Some(metrics) = &self.metrics.tier {
            match kept.is_fresh() {
                true => metrics.hits.increment(1),
                false => metrics.stale_hits.increment(1),
            }
        }
    }
}
