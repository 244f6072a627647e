//! How a route gets from an attribute to the pipeline.
//!
//! `#[get("/items/{id}")]` makes a [`RouteDef`]; the [`Table`](table::Table) holds all of them, checked for collisions, each with
//! what it takes from its groups; the [`Dispatcher`](dispatch::Dispatcher) matches requests.
//!
//! | | |
//! |---|---|
//! | `def`, `settings`, `security`, `scheme`, `layer`, `group` | what a route, or a group of them, says of itself |
//! | `table`, `mapped`, `limits`, `metrics`, `shared` | what is made of that at start |
//! | `dispatch`, `gate` | what a request meets |
//! | `handler`, `direct`, `returns` | how a handler is called, and what becomes of what it returns |
//! | `mount`, `mounted` | axum routers that the user brings: what they have of their own, and how they are served. Which routes they have, axum does not tell |
//!
//! What is around a handler (the order of the steps, panics, timeouts, headers) is the [pipeline](crate::pipeline)'s.

#[doc(hidden)]
pub mod assertions;
mod def;
#[doc(hidden)]
pub mod direct;
pub(crate) mod dispatch;
pub(crate) mod gate;
pub(crate) mod group;
mod handler;
mod layer;
pub(crate) mod limits;
pub(crate) mod mapped;
mod metrics;
mod mount;
pub(crate) mod mounted;
pub(crate) mod note;
mod returns;
mod scheme;
pub(crate) mod security;
mod settings;
pub(crate) mod shared;
pub(crate) mod table;
#[cfg(test)]
mod tests;

pub use def::RouteDef;
pub use group::RouteGroup;
pub use handler::{RouteHandler, route_handler};
pub use layer::RouteLayer;
pub(crate) use metrics::RouteMetrics;
pub use mount::MountSettings;
pub use scheme::SecurityScheme;
pub use security::{Authenticator, RouteSecurity};
pub use settings::RouteSettings;
