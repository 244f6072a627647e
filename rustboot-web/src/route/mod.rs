//! How a route gets from an attribute to the pipeline.
//!
//! `#[get("/items/{id}")]` makes a [`RouteDef`]; the [`Table`](table::Table) holds all of them, checked for collisions; the
//! [`Dispatcher`](dispatch::Dispatcher) matches requests. Routes that the user brings as an axum router are not here: the
//! pipeline hands over to that router what the dispatcher does not know.

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
