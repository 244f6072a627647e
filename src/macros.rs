//! The attribute macros, with their documentation. Each has a plain function or struct underneath, which it names.

#[doc = include_str!("../docs/macros/app.md")]
pub use rustboot_macros::app;

#[doc = include_str!("../docs/macros/component.md")]
pub use rustboot_macros::component;

#[doc = include_str!("../docs/macros/config.md")]
pub use rustboot_macros::config;

#[doc = include_str!("../docs/macros/scheduled.md")]
pub use rustboot_macros::scheduled;

#[doc = include_str!("../docs/macros/task.md")]
pub use rustboot_macros::task;

#[doc = include_str!("../docs/macros/hooks.md")]
pub use rustboot_macros::{on_start, on_stop};

#[doc = include_str!("../docs/macros/health.md")]
pub use rustboot_macros::health;

#[cfg(feature = "web")]
#[doc = include_str!("../docs/macros/routes.md")]
pub use rustboot_macros::{delete, get, head, options, patch, post, put, route};

#[cfg(feature = "web")]
#[doc = include_str!("../docs/macros/route_groups.md")]
pub use rustboot_macros::{route_group, routes};

#[cfg(feature = "web")]
#[doc = include_str!("../docs/macros/problem.md")]
pub use rustboot_macros::Problem;

#[cfg(feature = "cache")]
#[doc = include_str!("../docs/macros/cached.md")]
pub use rustboot_macros::cached;

/// The key that [`#[cached]`](macro@cached) makes of a template, as a `String`: to [remove](crate::Cache::remove) what it stands for.
///
/// ```
/// use rustboot::prelude::*;
///
/// async fn rename(cache: &Cache, id: i64) {
///     // … after the change:
///     cache.remove(&cache_key!("user:{id}")).await;
/// }
/// ```
///
/// The names are variables of where it stands, and their fields. Underneath: [`CacheKey`](crate::cache::CacheKey).
#[cfg(feature = "cache")]
pub use rustboot_macros::cache_key;
