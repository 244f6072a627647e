//! axum routers that the user mounts: served behind the pipeline, with their matched path as the label.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;
use std::task::{Context, Poll};

use arc_swap::ArcSwap;
use axum::Router;
use axum::extract::{MatchedPath, Request};
use http::Method;
use tower_layer::Layer;
use tower_service::Service;

use super::RouteMetrics;
use super::metrics::method_label;

thread_local! {
    /// What the mounted router matched in the poll that is under way. A note beside the response, because there may be no
    /// response: the handler may panic, take too long, or lose its client.
    static MATCHED: Cell<Option<MatchedPath>> = const { Cell::new(None) };
}

/// Notes the matched template. A layer of a router runs after routing.
#[derive(Debug, Clone, Copy)]
struct RecordRoute;

#[derive(Debug, Clone)]
struct RecordRouteService<S>(S);

impl<S> Layer<S> for RecordRoute {
    type Service = RecordRouteService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        RecordRouteService(inner)
    }
}

impl<S: Service<Request>> Service<Request> for RecordRouteService<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> S::Future {
        let matched = request.extensions().get::<MatchedPath>().cloned();
        MATCHED.with(|slot| slot.set(matched));
        self.0.call(request)
    }
}

/// What was matched since the last call, on this thread. To be asked after each poll.
pub(crate) fn take_matched() -> Option<MatchedPath> {
    MATCHED.with(Cell::take)
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
    pub(crate) fn of(&self, method: &Method, route: &MatchedPath) -> Arc<RouteMetrics> {
        let key = (method_label(method), route.as_str().to_owned());
        if let Some(metrics) = self.0.load().get(&key) {
            return Arc::clone(metrics);
        }
        let metrics = Arc::new(RouteMetrics::new(method, route.as_str()));
        self.0.rcu(|map| {
            let mut map = HashMap::clone(map);
            map.entry(key.clone())
                .or_insert_with(|| Arc::clone(&metrics));
            map
        });
        metrics
    }
}
