//! [`Cache`]: values that took time to make, kept for a while.
//!
//! | module | what |
//! |---|---|
//! | `config` | `[cache]`, `[caches.NAME]` |
//! | `handle`, `inner` | `Cache`: what a user calls, and what its clones share |
//! | `lifetime` | for how long a value is kept |
//! | `memory` | the values, bounded, in the memory of the process |
//! | `flight` | loads under way: one for each key, whoever asks and whoever goes away |
//! | `load` | one load: its limit, its panic, its end |
//! | `tier`, `redis` | the values of all replicas, and what they tell each other |
//! | `absent` | whether a value is a `None` |
//! | `key`, `assertions` | what `#[cached]` and `cache_key!` need |
//! | `metrics` | what is measured |
//! | `inject`, `module`, `wire` | the wiring |
//!
//! Promises. A key is loaded once at a time, however many ask for it; an error goes to all of them and is not kept. A load
//! belongs to the cache, not to whoever began it. What was begun before a `remove` is not kept after it. Nothing grows
//! without a limit. A cache that does not work costs time, never an answer.

mod absent;
mod assertions;
mod config;
mod flight;
mod handle;
mod inject;
mod inner;
mod key;
mod lifetime;
mod load;
mod memory;
mod metrics;
mod module;
#[cfg(feature = "redis")]
mod redis;
#[cfg(test)]
mod tests;
mod tier;
mod wire;

pub use assertions::{CachedResult, assert_cached};
pub use config::{CacheConfig, CachesConfig};
pub use handle::{Cache, Cacheable};
pub use key::CacheKey;
pub use lifetime::Ttl;
pub use load::LoadError;
pub use module::CacheModule;
