//! A tower layer around routes.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;

use axum::extract::Request;
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, Route};
use rustboot_core::AppContext;
use tower_layer::Layer;
use tower_service::Service;

/// A tower layer without its type. A route or a group of routes that has layers is served through an axum router of its
/// own, inside of the pipeline; other routes do not notice.
///
/// `layers(…)` of the route macros makes them. By hand:
///
/// ```
/// use axum::extract::DefaultBodyLimit;
/// use http::Method;
/// use rustboot_web::{RouteDef, RouteLayer, route_handler};
///
/// let route = RouteDef::new(Method::POST, "/notes", || route_handler(async |note: String| note))
///     .layers(|| vec![RouteLayer::new(DefaultBodyLimit::max(1000))]);
/// ```
#[derive(Clone)]
pub struct RouteLayer(
    Arc<dyn Fn(MethodRouter<AppContext>) -> MethodRouter<AppContext> + Send + Sync>,
);

impl RouteLayer {
    /// Takes the type off a layer. It is cloned for each route that it goes around.
    pub fn new<L>(layer: L) -> Self
    where
        L: Layer<Route> + Clone + Send + Sync + 'static,
        L::Service: Service<Request> + Clone + Send + Sync + 'static,
        <L::Service as Service<Request>>::Response: IntoResponse + 'static,
        <L::Service as Service<Request>>::Error: Into<Infallible> + 'static,
        <L::Service as Service<Request>>::Future: Send + 'static,
    {
        Self(Arc::new(move |route| route.layer(layer.clone())))
    }

    pub(crate) fn around(&self, route: MethodRouter<AppContext>) -> MethodRouter<AppContext> {
        (self.0)(route)
    }
}

impl fmt::Debug for RouteLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RouteLayer")
    }
}
