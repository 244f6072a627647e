//! What is known of a route before it is served.

use http::Method;
use rustboot_core::component::{Dependency, Wiring};
use rustboot_core::source::Location;

use super::RouteHandler;

/// A route. `#[get]` and its siblings write it; it is data, so that routes can be sorted, compared and listed.
#[derive(Debug, Clone)]
pub struct RouteDef {
    /// The method.
    pub method: Method,
    /// The template: `/items/{id}`, `/files/{*path}`.
    pub path: &'static str,
    /// The handler's path in the source: `shop::items::item`.
    pub name: &'static str,
    /// Where the user wrote it.
    pub location: Location,
    /// The components that the handler takes.
    pub dependencies: fn() -> Vec<Dependency>,
    /// The handler.
    pub handler: fn() -> RouteHandler,
}

inventory::collect!(RouteDef);

impl RouteDef {
    pub(crate) fn wiring(&self) -> Wiring {
        let name = self.name.rsplit("::").next().unwrap_or(self.name);
        Wiring {
            consumer: format!("the handler `{name}`"),
            location: self.location,
            dependencies: (self.dependencies)(),
        }
    }
}
