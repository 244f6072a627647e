//! The attribute macros, with their documentation. Each has a plain function or struct underneath, which it names.
//!
//! The pages are those of the guide, so they have no links into this crate; what they name is linked here.

#[doc = include_str!("../docs/macros/app.md")]
///
/// See [`App::builder`](crate::App::builder), [`App::run`](crate::App::run).
pub use rustboot_macros::app;

#[doc = include_str!("../docs/macros/component.md")]
///
/// See [`ComponentDef`](crate::core::component::ComponentDef), [`AliasDef`](crate::core::component::AliasDef),
/// [`Injected`](crate::core::component::Injected), [`AppBuilder::provide`](crate::AppBuilder::provide),
/// [`provide_named`](crate::AppBuilder::provide_named), [`provide_as`](crate::AppBuilder::provide_as),
/// [`replace_component`](crate::AppBuilder::replace_component).
pub use rustboot_macros::component;

#[doc = include_str!("../docs/macros/config.md")]
///
/// See [`Config`](crate::Config), [`ByteSize`](crate::ByteSize), [`Secret`](crate::Secret),
/// [`Properties`](crate::core::config::Properties).
pub use rustboot_macros::config;

#[doc = include_str!("../docs/macros/scheduled.md")]
///
/// See [`TaskDef`](crate::core::schedule::TaskDef), [`fencing_token`](crate::core::schedule::fencing_token),
/// [`#[task]`](macro@task).
pub use rustboot_macros::scheduled;

#[doc = include_str!("../docs/macros/task.md")]
///
/// See [`BackgroundDef`](crate::core::lifecycle::BackgroundDef), [`AppContext::spawn`](crate::AppContext::spawn),
/// [`Shutdown`](crate::Shutdown).
pub use rustboot_macros::task;

#[doc = include_str!("../docs/macros/hooks.md")]
///
/// See [`HookDef`](crate::core::lifecycle::HookDef).
pub use rustboot_macros::{on_start, on_stop};

#[doc = include_str!("../docs/macros/health.md")]
///
/// See [`Health`](crate::Health), [`HealthDef`](crate::core::health::HealthDef), [`AppBuilder::health`](crate::AppBuilder::health),
/// [`HealthIndicator`](crate::core::health::HealthIndicator), [`HealthBody`](crate::core::health::HealthBody).
pub use rustboot_macros::health;

#[cfg(feature = "web")]
#[doc = include_str!("../docs/macros/routes.md")]
///
/// See [`RouteDef`](crate::RouteDef), [`WebAppBuilder::route`](crate::WebAppBuilder::route),
/// [`WebAppBuilder::router`](crate::WebAppBuilder::router), [`Authenticator`](crate::Authenticator),
/// [`#[routes]`](macro@routes).
pub use rustboot_macros::{delete, get, head, options, patch, post, put, route};

#[cfg(feature = "web")]
#[doc = include_str!("../docs/macros/route_groups.md")]
///
/// See [`RouteGroup`](crate::RouteGroup), [`RouteDef::group`](crate::RouteDef::group).
pub use rustboot_macros::{route_group, routes};

#[cfg(feature = "web")]
#[doc = include_str!("../docs/macros/problem.md")]
///
/// See [`Error`](crate::Error), [`Error::with_status`](crate::Error::with_status), [`FieldError`](crate::FieldError),
/// [`IntoError`](crate::IntoError), [`ErrorDef`](crate::core::error::ErrorDef).
pub use rustboot_macros::Problem;

#[cfg(feature = "cache")]
#[doc = include_str!("../docs/macros/cached.md")]
///
/// See [`Cache`](crate::Cache), [`Cache::get_or_try_load`](crate::Cache::get_or_try_load), [`CacheKey`](crate::cache::CacheKey).
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
