//! `[cache]` and `[caches.NAME]`.

use std::collections::BTreeMap;
use std::time::Duration;

use rustboot_core::config::{ByteSize, Describe, Field, Properties};
use rustboot_core::source::Location;
use serde::Deserialize;

/// How many values there may be when the configuration does not say.
const MAX_ENTRIES: u64 = 10_000;

/// One cache.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct CacheConfig {
    /// Whether anything is kept. Without, every `get_or_load` loads, and `get` finds nothing. Default true.
    pub enabled: bool,
    /// For how long a value is fresh when whoever loads it does not say. Default 60 s.
    pub ttl: Duration,
    /// For how long after that a value is still given out, while one load in the background gets a new one. Default 0: not at
    /// all.
    pub stale: Duration,
    /// For how long a `None` is fresh, when its `ttl` is not shorter still; 0 keeps none. Default 5 s.
    pub negative_ttl: Duration,
    /// By which part of its `ttl` a value may be fresh for a shorter time, by chance, so that what was loaded together is not
    /// loaded again together. Default 0.1.
    pub jitter: f64,
    /// How many values there may be; beyond that, those go that are used least. Default 10000, unless there is `max_bytes`.
    pub max_entries: Option<u64>,
    /// How large all values may be together, instead of `max_entries`. A value counts as long as its JSON; so it is written
    /// once when it is loaded, which costs time.
    pub max_bytes: Option<ByteSize>,
    /// How long a load may take, until it is dropped and all who wait for it are answered with 503. Default 30 s.
    pub load_timeout: Duration,
    /// Whether values are in Redis as well, when there is one (`redis.url`), so that all replicas share them. Default true.
    pub redis: bool,
    /// How long Redis may take before the cache goes on without it. Default 100 ms.
    pub redis_timeout: Duration,
    /// The largest value that goes to Redis, as JSON. A larger one is kept in memory alone. Default 1 MiB.
    pub redis_max_value: ByteSize,
    /// For how long a value that is in Redis is kept in memory, at most: for how long a replica may not hear of a removal when
    /// that gets lost. Default 30 s.
    pub memory_ttl: Duration,
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            ttl: Duration::from_secs(60),
            stale: Duration::ZERO,
            negative_ttl: Duration::from_secs(5),
            jitter: 0.1,
            max_entries: None,
            max_bytes: None,
            load_timeout: Duration::from_secs(30),
            redis: true,
            // A hundred times what it takes. A value that takes longer to load than to wait for is worth more patience.
            redis_timeout: Duration::from_millis(100),
            redis_max_value: ByteSize::bytes(1 << 20),
            memory_ttl: Duration::from_secs(30),
        }
    }
}

/// What bounds a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    Entries(u64),
    Bytes(ByteSize),
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Entries(entries) => write!(f, "{entries} entries"),
            Self::Bytes(bytes) => write!(f, "{bytes}"),
        }
    }
}

impl CacheConfig {
    pub(crate) fn limit(&self) -> Limit {
        match self.max_bytes {
            Some(bytes) => Limit::Bytes(bytes),
            None => Limit::Entries(self.max_entries.unwrap_or(MAX_ENTRIES)),
        }
    }

    fn check_below(&self, prefix: &str, problems: &mut Vec<(String, String)>) {
        let mut problem =
            |key: &str, message: &str| problems.push((format!("{prefix}{key}"), message.into()));
        if self.ttl.is_zero() {
            problem(
                "ttl",
                "expected more than 0; `enabled = false` switches the cache off",
            );
        }
        if !(0.0..=1.0).contains(&self.jitter) {
            problem("jitter", "expected a part from 0 to 1");
        }
        if self.max_entries == Some(0) {
            problem(
                "max_entries",
                "expected at least 1; `enabled = false` switches the cache off",
            );
        }
        if self.max_entries.is_some() && self.max_bytes.is_some() {
            problem("max_bytes", "set this or max_entries, not both");
        }
        if self.load_timeout.is_zero() {
            problem("load_timeout", "expected more than 0");
        }
        if self.redis_timeout.is_zero() {
            problem(
                "redis_timeout",
                "expected more than 0; `redis = false` keeps the cache in memory",
            );
        }
        if self.memory_ttl.is_zero() {
            problem("memory_ttl", "expected more than 0");
        }
    }
}

impl Describe for CacheConfig {
    fn fields() -> Vec<Field> {
        vec![
            Field::new("enabled", "bool", "Whether anything is kept.")
                .typed::<bool>()
                .default_text("true"),
            Field::new(
                "ttl",
                "Duration",
                "For how long a value is fresh when whoever loads it does not say.",
            )
            .typed::<Duration>()
            .default_text("60s"),
            Field::new(
                "stale",
                "Duration",
                "For how long after that a value is still given out, while one load in the background gets a new one.",
            )
            .typed::<Duration>()
            .default_text("0s"),
            Field::new(
                "negative_ttl",
                "Duration",
                "For how long a `None` is fresh, when its `ttl` is not shorter still; 0 keeps none.",
            )
            .typed::<Duration>()
            .default_text("5s"),
            Field::new(
                "jitter",
                "f64",
                "By which part of its `ttl` a value may be fresh for a shorter time, by chance.",
            )
            .typed::<f64>()
            .default_text("0.1"),
            Field::new(
                "max_entries",
                "u64",
                "How many values there may be: 10000, unless there is `max_bytes`.",
            )
            .typed::<u64>()
            .restart()
            .optional(true),
            Field::new(
                "max_bytes",
                "ByteSize",
                "How large all values may be together, as JSON, instead of `max_entries`.",
            )
            .typed::<ByteSize>()
            .restart()
            .optional(true),
            Field::new(
                "load_timeout",
                "Duration",
                "How long a load may take until all who wait for it are answered with 503.",
            )
            .typed::<Duration>()
            .default_text("30s"),
            Field::new(
                "redis",
                "bool",
                "Whether values are in Redis as well, when there is one, so that all replicas share them.",
            )
            .typed::<bool>()
            .restart()
            .default_text("true"),
            Field::new(
                "redis_timeout",
                "Duration",
                "How long Redis may take before the cache goes on without it.",
            )
            .typed::<Duration>()
            .default_text("100ms"),
            Field::new(
                "redis_max_value",
                "ByteSize",
                "The largest value that goes to Redis, as JSON. A larger one is kept in memory alone.",
            )
            .typed::<ByteSize>()
            .default_text("1MiB"),
            Field::new(
                "memory_ttl",
                "Duration",
                "For how long a value that is in Redis is kept in memory, at most.",
            )
            .typed::<Duration>()
            .default_text("30s"),
        ]
    }
}

impl Properties for CacheConfig {
    const PREFIX: &'static str = "cache";
    const NAME: &'static str = "CacheConfig";
    const LOCATION: Location = Location::new(file!(), line!());

    fn check(&self, problems: &mut Vec<(String, String)>) {
        self.check_below("", problems);
    }
}

/// `[caches.NAME]`: further caches, each with all keys of `[cache]`, and with defaults of its own.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct CachesConfig(BTreeMap<String, CacheConfig>);

impl CachesConfig {
    /// The one of that name.
    pub fn of(&self, name: &str) -> Option<&CacheConfig> {
        self.0.get(name)
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &CacheConfig)> {
        self.0.iter().map(|(name, config)| (name.as_str(), config))
    }
}

impl Describe for CachesConfig {
    fn fields() -> Vec<Field> {
        Vec::new()
    }

    fn entries() -> Option<Vec<Field>> {
        Some(CacheConfig::fields())
    }
}

impl Properties for CachesConfig {
    const PREFIX: &'static str = "caches";
    const NAME: &'static str = "CachesConfig";
    const LOCATION: Location = Location::new(file!(), line!());

    fn check(&self, problems: &mut Vec<(String, String)>) {
        for (name, config) in self.iter() {
            config.check_below(&format!("{name}."), problems);
        }
    }
}
