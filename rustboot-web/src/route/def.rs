//! What is known of a route before it is served.

use http::Method;
use rustboot_core::component::{Dependency, Wiring};
use rustboot_core::source::Location;

use super::{RouteGroup, RouteHandler, RouteLayer, RouteSecurity, RouteSettings};

/// A route. `#[get]` and its siblings write it; it is data, so that routes can be sorted, compared and listed.
///
/// By hand it begins with [`RouteDef::new`]; what it does not say is what the attribute without arguments means.
///
/// ```
/// use std::time::Duration;
/// use http::Method;
/// use rustboot_web::{RouteDef, RouteSettings, route_handler};
///
/// async fn report() -> &'static str {
///     "all is well"
/// }
///
/// let route = RouteDef::new(Method::GET, "/report", || route_handler(report))
///     .tag("reports")
///     .settings(RouteSettings::new().timeout(Duration::from_secs(2)));
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RouteDef {
    /// The method.
    pub method: Method,
    /// The template: `/items/{id}`, `/files/{*path}`. The prefixes of its groups come before it.
    pub path: &'static str,
    /// The handler's path in the source: `shop::items::item`, which decides what collected group it belongs to. Empty: what the
    /// compiler calls the handler.
    pub name: &'static str,
    /// Where the user wrote it.
    pub location: Location,
    /// The components that the handler takes.
    pub dependencies: fn() -> Vec<Dependency>,
    /// The handler.
    pub handler: fn() -> RouteHandler,
    /// What it belongs to, for people and for OpenAPI.
    pub tag: Option<&'static str>,
    /// Its own limits.
    pub settings: RouteSettings,
    /// Who may call it.
    pub security: RouteSecurity,
    /// What its types say of it, for OpenAPI.
    #[cfg(feature = "openapi")]
    pub described: Option<fn(&mut crate::openapi::Operation<'_>)>,
    /// The layers around it, the first outermost. Made when the server starts.
    pub layers: Option<fn() -> Vec<RouteLayer>>,
    /// The group that it belongs to. Unset: that of the nearest module around the handler which has one.
    pub group: Option<&'static RouteGroup>,
}

inventory::collect!(RouteDef);

impl RouteDef {
    /// A route that takes no components, with the limits of the server, for everybody. Its location is the caller's.
    #[track_caller]
    pub const fn new(method: Method, path: &'static str, handler: fn() -> RouteHandler) -> Self {
        Self {
            method,
            path,
            name: "",
            location: Location::caller(),
            dependencies: Vec::new,
            handler,
            tag: None,
            settings: RouteSettings::new(),
            security: RouteSecurity::new(),
            #[cfg(feature = "openapi")]
            described: None,
            layers: None,
            group: None,
        }
    }

    /// Says what the handler is called in the source, and where it is.
    #[must_use]
    pub const fn declared(mut self, name: &'static str, location: Location) -> Self {
        self.name = name;
        self.location = location;
        self
    }

    /// Says which components the handler takes, so that they are checked before the port is bound.
    #[must_use]
    pub const fn dependencies(mut self, dependencies: fn() -> Vec<Dependency>) -> Self {
        self.dependencies = dependencies;
        self
    }

    /// Says what it belongs to, for people and for OpenAPI.
    #[must_use]
    pub const fn tag(mut self, tag: &'static str) -> Self {
        self.tag = Some(tag);
        self
    }

    /// Gives it limits of its own.
    #[must_use]
    pub const fn settings(mut self, settings: RouteSettings) -> Self {
        self.settings = settings;
        self
    }

    /// Says what it takes and answers, for OpenAPI.
    #[cfg(feature = "openapi")]
    #[must_use]
    pub const fn described(mut self, describe: fn(&mut crate::openapi::Operation<'_>)) -> Self {
        self.described = Some(describe);
        self
    }

    /// Says who may call it.
    #[must_use]
    pub const fn security(mut self, security: RouteSecurity) -> Self {
        self.security = security;
        self
    }

    /// Puts layers around it, the first outermost, inside of those of its groups. The function is called when the server
    /// starts.
    #[must_use]
    pub const fn layers(mut self, layers: fn() -> Vec<RouteLayer>) -> Self {
        self.layers = Some(layers);
        self
    }

    /// Makes it a part of a group.
    #[must_use]
    pub const fn group(mut self, group: &'static RouteGroup) -> Self {
        self.group = Some(group);
        self
    }
}

impl RouteDef {
    /// What the handler is called.
    pub(crate) fn handler_name(&self) -> &'static str {
        match self.name {
            "" => (self.handler)().name,
            name => name,
        }
    }

    pub(crate) fn wiring(&self) -> Wiring {
        let name = self.handler_name();
        let name = name.rsplit("::").next().unwrap_or(name);
        Wiring {
            consumer: format!("the handler `{name}`"),
            location: self.location,
            dependencies: (self.dependencies)(),
        }
    }
}
