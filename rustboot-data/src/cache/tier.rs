//! The second tier: what a cache has in common with those of other replicas.
//!
//! It may know nothing at any time: then values are loaded, as if there were no cache. No call fails, and none waits for
//! long; that is for whoever implements it.

use std::sync::Arc;
use std::time::Duration;

use rustboot_core::component::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::lifetime::{Lifetime, later};

/// What was seen of a key, before a load began: only when that is still there, what the load brings is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(
    not(feature = "redis"),
    allow(dead_code, reason = "read by the tier on Redis")
)]
pub(crate) struct Seen {
    /// Since when: whoever removes everything begins another epoch.
    pub(crate) epoch: Arc<str>,
    /// What stood there; none for nothing.
    pub(crate) mark: Option<u64>,
}

/// A value, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kept {
    /// Which type it was written as.
    pub(crate) of: u64,
    pub(crate) json: Vec<u8>,
    /// For how long it is fresh; 0 for a stale one.
    pub(crate) fresh_for: Duration,
    /// For how long it is kept.
    pub(crate) dead_in: Duration,
}

impl Kept {
    /// The value; `None` when it was written as another type, or by another version of the type.
    pub(crate) fn value<V: DeserializeOwned>(&self) -> Option<V> {
        if self.of != type_mark::<V>() {
            return None;
        }
        serde_json::from_slice(&self.json).ok()
    }

    pub(crate) fn is_fresh(&self) -> bool {
        !self.fresh_for.is_zero()
    }

    pub(crate) fn lifetime(&self) -> Lifetime {
        let now = Instant::now();
        Lifetime {
            fresh_until: later(now, self.fresh_for),
            dead_at: later(now, self.dead_in),
        }
    }
}

/// A value on its way in.
#[cfg_attr(
    not(feature = "redis"),
    allow(dead_code, reason = "read by the tier on Redis")
)]
pub(crate) struct Written {
    pub(crate) of: u64,
    pub(crate) json: Vec<u8>,
    pub(crate) lifetime: Lifetime,
}

impl Written {
    /// None when it cannot be written as JSON.
    pub(crate) fn new<V: Serialize + 'static>(value: &V, lifetime: Lifetime) -> Option<Self> {
        Some(Self {
            of: type_mark::<V>(),
            json: serde_json::to_vec(value).ok()?,
            lifetime,
        })
    }
}

/// What a tier says of a key.
#[derive(Debug, PartialEq, Eq)]
#[cfg_attr(
    not(feature = "redis"),
    allow(dead_code, reason = "made by the tier on Redis")
)]
pub(crate) enum Look {
    /// It has a value.
    Found(Kept, Seen),
    /// It has none.
    Nothing(Seen),
    /// It could not be asked.
    Unknown,
}

/// What became of a value that was to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    not(feature = "redis"),
    allow(dead_code, reason = "made by the tier on Redis")
)]
pub(crate) enum Fate {
    /// It is there.
    Kept,
    /// Somebody changed or removed the key since the load began.
    Overtaken,
    /// It is too large, or the tier could not be asked.
    NotKept,
}

/// A second tier.
pub(crate) trait Tier: Send + Sync {
    /// What there is of a key.
    fn read<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Look>;

    /// Keeps what a load brought.
    fn write<'a>(&'a self, key: &'a str, seen: Seen, value: Written) -> BoxFuture<'a, Fate>;

    /// Keeps a value whatever there is, and tells the other replicas.
    fn replace<'a>(&'a self, key: &'a str, value: Written) -> BoxFuture<'a, ()>;

    /// Forgets a key, now or as soon as it can, and tells the other replicas.
    fn remove<'a>(&'a self, key: &'a str) -> BoxFuture<'a, ()>;

    /// Forgets everything, and tells the other replicas.
    fn clear(&self) -> BoxFuture<'_, ()>;

    /// Does what was put off, as far as it can be done now.
    fn close(&self) -> BoxFuture<'_, ()>;
}

/// Tells types apart, also those of two versions of an application that run beside each other, as far as their names do. What
/// has the same name and another shape is found by reading it.
fn type_mark<V>() -> u64 {
    // FNV-1a: the same in every process, and in every version of Rust.
    let name = std::any::type_name::<V>();
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
