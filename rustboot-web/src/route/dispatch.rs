//! Matches a request to what answers it. Everything is known at start, so nothing is looked up by name here.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::MethodFilter;
use http::{HeaderValue, Method};
use rustboot_core::AppContext;
use rustboot_core::management::{Access, Endpoint};
use tower_service::Service as _;

use super::RouteMetrics;
use super::direct::{self, DirectHandler};
use super::handler::{AxumHandler, HandlerFuture, Kind};
use super::limits::Limits;
use super::mapped::MappedRoute;
use super::security::{Authenticators, Guard};
use super::shared::{self, Shared};
use super::table::{Table, numbered, parameter_names};
use crate::extract::PathParameters;

/// What answers a request.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    /// An attribute route, or several with different methods.
    Routes(Arc<PathEntry>),
    /// A management endpoint, or two: one that shows and one that changes.
    Endpoints(Vec<Arc<Endpoint>>),
}

/// All routes of one path.
#[derive(Debug)]
pub(crate) struct PathEntry {
    routes: Vec<Arc<RouteEntry>>,
    /// For `Allow`.
    allow: HeaderValue,
}

/// One route.
pub(crate) struct RouteEntry {
    method: Method,
    parameters: Arc<[&'static str]>,
    /// Whether a path that matches is the template, to the letter.
    is_literal: bool,
    call: RouteCall,
    /// Where somebody has to be asked whether the caller may.
    guard: Option<Guard>,
    /// Whether a request says who is connected, for axum's `ConnectInfo`.
    pub(crate) with_connect_info: bool,
    pub(crate) limits: Limits,
    pub(crate) metrics: Arc<RouteMetrics>,
    /// The same route answers HEAD as well; the label differs.
    pub(crate) head_metrics: Option<Arc<RouteMetrics>>,
}

enum RouteCall {
    /// Without a request; the flag says whether it reads the body.
    Direct(Arc<dyn DirectHandler>, bool),
    Handler(Arc<dyn AxumHandler>),
    /// Through an axum router of its own: for layers, and for extractors that work only there.
    ViaRouter(Router),
}

/// What routes are served with.
#[derive(Clone, Copy)]
pub(crate) struct Surroundings<'a> {
    pub(crate) app: &'a AppContext,
    /// The limits of the server.
    pub(crate) limits: &'a Limits,
    pub(crate) authenticators: &'a Authenticators,
}

/// Finds the target of a path.
#[derive(Debug)]
pub(crate) struct Dispatcher {
    paths: matchit::Router<Target>,
}

/// The result of a look-up.
pub(crate) enum Found {
    Route(Arc<RouteEntry>, Option<PathParameters>),
    Endpoint(Arc<Endpoint>, Option<String>),
    /// The path is known, the method is not.
    OtherMethod(HeaderValue),
    Nothing,
}

impl Dispatcher {
    /// Builds the matcher. Returns what matchit does not accept, which the table's own check should have found.
    pub(crate) fn new(
        table: &Table,
        endpoints: Vec<Endpoint>,
        surroundings: Surroundings<'_>,
    ) -> Result<Self, String> {
        let mut by_path: BTreeMap<String, Vec<&MappedRoute>> = BTreeMap::new();
        for route in &table.routes {
            by_path.entry(numbered(route.path)).or_default().push(route);
        }
        let mut paths = matchit::Router::new();
        let mut shared = Shared::default();
        for (path, routes) in by_path {
            let entry = PathEntry::new(&routes, surroundings, &mut shared)?;
            paths
                .insert(path, Target::Routes(Arc::new(entry)))
                .map_err(|error| {
                    format!("the route {} cannot be served: {error}", routes[0].path)
                })?;
        }
        let mut by_path: BTreeMap<&'static str, Vec<Arc<Endpoint>>> = BTreeMap::new();
        for endpoint in endpoints {
            by_path
                .entry(endpoint.path)
                .or_default()
                .push(Arc::new(endpoint));
        }
        for (path, endpoints) in by_path {
            paths
                .insert(numbered(path), Target::Endpoints(endpoints))
                .map_err(|error| format!("the endpoint {path} cannot be served: {error}"))?;
        }
        Ok(Self { paths })
    }

    /// Whether the path is that of a management endpoint.
    pub(crate) fn is_endpoint(&self, path: &str) -> bool {
        let found = self.paths.at(path);
        found.is_ok_and(|found| matches!(found.value, Target::Endpoints(_)))
    }

    pub(crate) fn find(&self, method: &Method, path: &str) -> Found {
        let Ok(found) = self.paths.at(path) else {
            return Found::Nothing;
        };
        match found.value {
            Target::Routes(entry) => match entry.route(method) {
                Some(route) => {
                    let parameters = (!route.parameters.is_empty()).then(|| {
                        let values = found.params.iter().map(|(_, value)| value);
                        PathParameters::new(&route.parameters, path, values)
                    });
                    Found::Route(Arc::clone(route), parameters)
                }
                None => Found::OtherMethod(entry.allow.clone()),
            },
            Target::Endpoints(endpoints) => {
                let access = match *method {
                    Method::GET | Method::HEAD => Some(Access::Read),
                    Method::PUT => Some(Access::Write),
                    _ => None,
                };
                match endpoints
                    .iter()
                    .find(|endpoint| Some(endpoint.access) == access)
                {
                    Some(endpoint) => {
                        let parameter = found.params.iter().next().map(|(_, value)| {
                            percent_encoding::percent_decode_str(value)
                                .decode_utf8_lossy()
                                .into_owned()
                        });
                        Found::Endpoint(Arc::clone(endpoint), parameter)
                    }
                    None => Found::OtherMethod(allow(endpoints)),
                }
            }
        }
    }
}

/// The methods of the endpoints of one path.
fn allow(endpoints: &[Arc<Endpoint>]) -> HeaderValue {
    let has = |access: Access| endpoints.iter().any(|endpoint| endpoint.access == access);
    HeaderValue::from_static(match (has(Access::Read), has(Access::Write)) {
        (true, true) => "GET, HEAD, PUT",
        (false, true) => "PUT",
        _ => "GET, HEAD",
    })
}

impl PathEntry {
    fn new(
        routes: &[&MappedRoute],
        surroundings: Surroundings<'_>,
        shared: &mut Shared,
    ) -> Result<Self, String> {
        let entries: Vec<Arc<RouteEntry>> = routes
            .iter()
            .map(|route| RouteEntry::new(route, surroundings, shared).map(Arc::new))
            .collect::<Result<_, _>>()?;
        let mut methods: Vec<&str> = entries.iter().map(|entry| entry.method.as_str()).collect();
        if methods.contains(&"GET") && !methods.contains(&"HEAD") {
            methods.push("HEAD");
        }
        methods.sort_unstable();
        Ok(Self {
            allow: HeaderValue::from_str(&methods.join(", "))
                .unwrap_or(HeaderValue::from_static("")),
            routes: entries,
        })
    }

    fn route(&self, method: &Method) -> Option<&Arc<RouteEntry>> {
        let exact = self.routes.iter().find(|route| route.method == *method);
        // RFC 9110 9.3.2: HEAD is GET without the content.
        exact.or_else(|| {
            (*method == Method::HEAD)
                .then(|| self.routes.iter().find(|route| route.method == Method::GET))
                .flatten()
        })
    }
}

impl fmt::Debug for RouteEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let template = self.metrics.access().template();
        write!(f, "RouteEntry({} {template})", self.method)
    }
}

impl RouteEntry {
    fn new(
        route: &MappedRoute,
        surroundings: Surroundings<'_>,
        shared: &mut Shared,
    ) -> Result<Self, String> {
        let method = &route.def.method;
        let handler = (route.def.handler)().kind;
        let layers = shared.layers(route);
        // What a layer looks at cannot be known.
        let with_connect_info = !layers.is_empty() || handler.needs_connect_info();
        let call = if layers.is_empty() && !handler.needs_axum_router() {
            match handler {
                Kind::Direct(handler, reads_body) => RouteCall::Direct(handler, reads_body),
                Kind::Axum(handler) => RouteCall::Handler(handler),
            }
        } else {
            // Layers as well get a whole router: they expect to find the template that was matched.
            let filter = MethodFilter::try_from(method.clone())
                .map_err(|_| format!("{}: axum's routers do not know the method", route.title()))?;
            RouteCall::ViaRouter(
                Router::new()
                    .route(
                        route.path,
                        shared::around(&layers, handler.method_router(filter)),
                    )
                    .with_state(surroundings.app.clone()),
            )
        };
        let guard = surroundings
            .authenticators
            .of(&route.security)
            .map_err(|(message, _)| format!("{}: {message}", route.title()))?;
        let written = route.settings.access_log.unwrap_or(true);
        let metrics = |method| Arc::new(RouteMetrics::new(method, route.path).written(written));
        Ok(Self {
            call,
            with_connect_info,
            guard,
            limits: surroundings
                .limits
                .with(&route.settings, shared.gate(route)),
            parameters: parameter_names(route.path).into(),
            is_literal: !route.path.contains('{'),
            metrics: metrics(method),
            head_metrics: (*method == Method::GET).then(|| metrics(&Method::HEAD)),
            method: method.clone(),
        })
    }

    pub(crate) fn metrics_for(&self, method: &Method) -> &Arc<RouteMetrics> {
        match &self.head_metrics {
            Some(head) if *method == Method::HEAD => head,
            _ => &self.metrics,
        }
    }

    /// Whether a path that matches is the template, to the letter.
    pub(crate) fn is_literal(&self) -> bool {
        self.is_literal
    }

    /// The handler, when neither it nor who is asked before needs the request; and whether it reads the body.
    pub(crate) fn direct(&self) -> Option<(&Arc<dyn DirectHandler>, bool)> {
        match &self.call {
            RouteCall::Direct(handler, reads_body) if self.guard.is_none() => {
                Some((handler, *reads_body))
            }
            _ => None,
        }
    }

    pub(crate) fn call(self: &Arc<Self>, request: Request, app: &AppContext) -> HandlerFuture {
        match &self.guard {
            None => self.pass(request, app),
            Some(_) => Box::pin(Arc::clone(self).guarded(request, app.clone())),
        }
    }

    async fn guarded(self: Arc<Self>, request: Request, app: AppContext) -> Response {
        let (mut parts, body) = request.into_parts();
        if let Some(guard) = &self.guard
            && let Some(refusal) = guard.refusal(&mut parts, &app).await
        {
            return refusal;
        }
        self.pass(Request::from_parts(parts, body), &app).await
    }

    fn pass(&self, request: Request, app: &AppContext) -> HandlerFuture {
        match &self.call {
            RouteCall::Direct(handler, reads_body) => {
                direct::with_request(&**handler, *reads_body, request, app)
            }
            RouteCall::Handler(handler) => handler.call(request, app.clone()),
            RouteCall::ViaRouter(router) => {
                let mut router = router.clone();
                Box::pin(async move {
                    match router.call(request).await {
                        Ok(response) => response,
                        Err(never) => match never {},
                    }
                })
            }
        }
    }
}
