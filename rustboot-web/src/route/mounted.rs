//! axum routers that the user mounts: served behind the pipeline, with their matched path as the label.

use std::collections::HashMap;
use std::sync::Arc;
use std::task::{Context, Poll};

use arc_swap::ArcSwap;
use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::response::Response;
use http::Method;
use tower_layer::Layer;
use tower_service::Service;

use super::RouteMetrics;
use super::metrics::method_label;

/// Puts the matched template into the response, where the pipeline can see it. A layer of a router runs after routing.
#[derive(Debug, Clone, Copy)]
struct RecordRoute;

/// The template that a mounted router matched.
#[derive(Debug, Clone)]
pub(crate) struct MountedRoute(pub(crate) MatchedPath);

#[derive(Debug, Clone)]
struct RecordRouteService<S>(S);

impl<S> Layer<S> for RecordRoute {
    type Service = RecordRouteService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        RecordRouteService(inner)
    }
}

impl<S> Service<Request> for RecordRouteService<S>
where
    S: Service<Request, Response = Response> + Send,
    S::Future: Send + 'static,
    S::Error: 'static,
{
    type Response = Response;
    type Error = S::Error;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let matched = request.extensions().get::<MatchedPath>().cloned();
        let answer = self.0.call(request);
        Box::pin(async move {
            let mut response = answer.await?;
            if let Some(matched) = matched {
                response.extensions_mut().insert(MountedRoute(matched));
            }
            Ok(response)
        })
    }
}

/// A router with the layer that tells what it matched.
pub(crate) fn recording(router: Router) -> Router {
    router.layer(RecordRoute)
}

/// Histograms by template, for routes that are not known at start. Readers take no lock; a new template copies the map,
/// of which there is one for each route that the user wrote.
#[derive(Debug, Default)]
pub(crate) struct MountedMetrics(ArcSwap<HashMap<(&'static str, String), Arc<RouteMetrics>>>);

impl MountedMetrics {
    pub(crate) fn of(&self, method: &Method, route: &MountedRoute) -> Arc<RouteMetrics> {
        let key = (method_label(method), route.0.as_str().to_owned());
        if let Some(metrics) = self.0.load().get(&key) {
            return Arc::clone(metrics);
        }
        let metrics = Arc::new(RouteMetrics::new(method, route.0.as_str()));
        self.0.rcu(|map| {
            let mut map = HashMap::clone(map);
            map.entry(key.clone())
                .or_insert_with(|| Arc::clone(&metrics));
            map
        });
        metrics
    }
}
