//! What a user adds to the HTTP side by hand.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::response::IntoResponse;
use axum::routing::Route;
use rustboot_core::AppBuilder;
use rustboot_core::source::Location;
use tower_layer::Layer;
use tower_service::Service;

use crate::problem::ErrorBody;
use crate::route::mounted::{Listed, MountedRouter};
use crate::route::security::Authenticators;
use crate::route::{Authenticator, MountSettings, RouteDef};

/// What the user brought.
#[derive(Default)]
pub(crate) struct WebExtension {
    pub(crate) routers: Vec<MountedRouter>,
    pub(crate) layers: Vec<Box<dyn FnOnce(Router) -> Router + Send>>,
    pub(crate) connect_info: bool,
    pub(crate) routes: Vec<RouteDef>,
    pub(crate) error_body: Option<Arc<dyn ErrorBody>>,
    pub(crate) authenticators: Authenticators,
}

/// The HTTP side of [`AppBuilder`].
pub trait WebAppBuilder {
    /// Mounts an axum router behind the pipeline. Attribute routes win where both know a path and method. Routers are
    /// merged, so that two of them must not have the same route.
    #[track_caller]
    fn router(&mut self, router: Router) -> &mut Self;

    /// Mounts an axum router that has limits of its own instead of the server's ([`RouteSettings`](crate::RouteSettings)), that not
    /// everybody may call ([`RouteSecurity`](crate::RouteSecurity)), or both ([`MountSettings`]). `max_in_flight` is one limit for all
    /// its routes together; a timeout is counted from when the request reaches the router.
    #[track_caller]
    fn router_with(&mut self, settings: impl Into<MountSettings>, router: Router) -> &mut Self;

    /// Puts a tower layer around the mounted routers, inside of the pipeline; the last one added is the outermost.
    /// Attribute routes do not pass through it.
    fn layer<L>(&mut self, layer: L) -> &mut Self
    where
        L: Layer<Route> + Clone + Send + Sync + 'static,
        L::Service: Service<Request> + Clone + Send + Sync + 'static,
        <L::Service as Service<Request>>::Response: IntoResponse + 'static,
        <L::Service as Service<Request>>::Error: Into<Infallible> + 'static,
        <L::Service as Service<Request>>::Future: Send + 'static;

    /// Gives the mounted routers, and the layers around them, axum's `ConnectInfo<SocketAddr>`: what
    /// `into_make_service_with_connect_info` is for in axum. It is the other side of the connection, so a proxy's where there is one
    /// ([`ClientIp`](crate::ClientIp) sees through those), and there is none on a Unix socket. Costs an allocation for each of their
    /// requests. Attribute routes that take it, and those with layers, have it without this.
    fn connect_info(&mut self) -> &mut Self;

    /// Adds a route as the attributes do.
    fn route(&mut self, route: RouteDef) -> &mut Self;

    /// Replaces the shape of error bodies.
    fn error_body(&mut self, body: impl ErrorBody) -> &mut Self;

    /// Has somebody enforce a security scheme: `bearer`. Routes that demand it, or that demand roles and name no scheme
    /// while there is only this one, ask it for every request. To be called in a module's `configure`, or in `main`.
    fn authenticator(&mut self, scheme: &'static str, by: impl Authenticator) -> &mut Self;
}

impl WebAppBuilder for AppBuilder {
    #[track_caller]
    fn router(&mut self, router: Router) -> &mut Self {
        self.router_with(MountSettings::new(), router)
    }

    #[track_caller]
    fn router_with(&mut self, settings: impl Into<MountSettings>, router: Router) -> &mut Self {
        let location = Location::caller();
        let settings = settings.into();
        let listed = Listed { settings, location };
        let routers = &mut self.extension::<WebExtension>().routers;
        routers.push(MountedRouter { router, listed });
        self
    }

    fn layer<L>(&mut self, layer: L) -> &mut Self
    where
        L: Layer<Route> + Clone + Send + Sync + 'static,
        L::Service: Service<Request> + Clone + Send + Sync + 'static,
        <L::Service as Service<Request>>::Response: IntoResponse + 'static,
        <L::Service as Service<Request>>::Error: Into<Infallible> + 'static,
        <L::Service as Service<Request>>::Future: Send + 'static,
    {
        self.extension::<WebExtension>()
            .layers
            .push(Box::new(move |router| router.layer(layer)));
        self
    }

    fn connect_info(&mut self) -> &mut Self {
        self.extension::<WebExtension>().connect_info = true;
        self
    }

    fn route(&mut self, route: RouteDef) -> &mut Self {
        self.extension::<WebExtension>().routes.push(route);
        self
    }

    fn error_body(&mut self, body: impl ErrorBody) -> &mut Self {
        self.extension::<WebExtension>().error_body = Some(Arc::new(body));
        self
    }

    fn authenticator(&mut self, scheme: &'static str, by: impl Authenticator) -> &mut Self {
        self.extension::<WebExtension>()
            .authenticators
            .add(scheme, by);
        self
    }
}
