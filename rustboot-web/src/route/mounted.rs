//! axum routers that the user mounts: served behind the pipeline, with their matched path as the label, and with settings
//! of their own.
//!
//! Which router a request is for, only axum knows, and only once the request is inside. So what a router has of its own is done
//! by a layer around its routes, and what only the pipeline can do (timeout, access log, in flight until the last byte) is told
//! to it by a [note](super::note).

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use arc_swap::ArcSwap;
use axum::Router;
use axum::body::Body;
use axum::extract::{MatchedPath, Request};
use axum::response::{IntoResponse as _, Response};
use axum::routing::Route;
use axum::routing::future::RouteFuture;
use futures_util::future::Either;
use http::{HeaderValue, Method, StatusCode, header};
use http_body_util::Limited;
use rustboot_core::AppContext;
use rustboot_core::report::Problem;
use rustboot_core::source::Location;
use tower_layer::Layer;
use tower_service::Service;

use super::gate::{Gate, Permit};
use super::limits::{self, Full, Limits};
use super::metrics::method_label;
use super::note::{Matched, Note, attach, tell};
use super::security::{Authenticators, Guard};
use super::{MountSettings, RouteMetrics, RouteSettings};
use crate::static_files::StaticFiles;

/// A router as the user brought it.
#[derive(Debug)]
pub(crate) struct MountedRouter {
    pub(crate) router: Router,
    pub(crate) listed: Listed,
}

/// What is known of it without looking inside.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Listed {
    pub(crate) settings: MountSettings,
    /// Where it was mounted.
    pub(crate) location: Location,
}

impl Listed {
    /// What it says that cannot be meant.
    pub(crate) fn mistakes(&self) -> Vec<Problem> {
        let mistakes = self.settings.mistakes().into_iter();
        mistakes.map(|mistake| self.problem(mistake)).collect()
    }

    /// Something that is wrong with it.
    pub(crate) fn problem(&self, message: impl Into<String>) -> Problem {
        Problem::new(format!("the router mounted in {}", self.location), message)
    }
}

/// All routers as one.
#[derive(Debug, Clone)]
pub(crate) struct Mounted {
    pub(crate) router: Router,
    /// The limits before it is known which router it is: the largest body that one of them takes.
    pub(crate) limits: Limits,
    /// Whether requests say who is connected, for axum's `ConnectInfo`.
    pub(crate) with_connect_info: bool,
    /// Whether what no route of them matches may be a file.
    pub(crate) has_files: bool,
}

/// On requests for a path that attribute routes know, with other methods. It is no file, whatever the directory has.
#[derive(Debug, Clone)]
pub(crate) struct IsRoute;

impl Mounted {
    /// Merges routers, each with a layer that tells what it matched and does what it has of its own. What none of them matches may
    /// be a file. `None` without routers and files.
    ///
    /// One that nobody guards as it demands is left out: it is a problem that keeps the application from starting. So are two with
    /// the same route, which come back as problems.
    pub(crate) fn merge(
        routers: Vec<MountedRouter>,
        server: &Limits,
        authenticators: &Authenticators,
        files: Option<&StaticFiles>,
    ) -> (Option<Self>, Vec<Problem>) {
        let guarded: Vec<(MountedRouter, Option<Guard>)> = routers
            .into_iter()
            .filter_map(|mounted| {
                let guard = authenticators.of(&mounted.listed.settings.security);
                Some((mounted, guard.ok()?))
            })
            .collect();
        let own: Vec<Limits> = guarded
            .iter()
            .map(|(MountedRouter { listed, .. }, _)| {
                let scope = || format!("router in {}", listed.location);
                let settings = &listed.settings.limits;
                let gate = settings.max_in_flight;
                let gate = gate.map(|limit| Gate::new(limit, scope()));
                server.with(settings, gate)
            })
            .collect();
        if own.is_empty() && files.is_none() {
            return (None, Vec::new());
        }
        let bodies = own.iter().map(|limits| limits.body);
        let widest = bodies.fold(server.body, u64::max);
        let layered = guarded
            .into_iter()
            .zip(own)
            .map(|((mounted, guard), limits)| {
                let settings = mounted.listed.settings;
                let is_plain = settings.limits == RouteSettings::new() && guard.is_none();
                let own = (!is_plain || limits.body < widest).then(|| {
                    Arc::new(Own {
                        guard,
                        written: settings.limits.access_log.unwrap_or(true),
                        body: (limits.body < widest).then_some(limits.body),
                        limits,
                    })
                });
                (mounted.router.layer(Tell::new(own, files)), mounted.listed)
            });
        let (mut router, mut problems) = (Router::new(), Vec::new());
        for (next, listed) in layered {
            // What was merged before goes with it: the application does not start.
            router = joined(router, next).unwrap_or_else(|conflict| {
                problems.push(listed.problem(conflict).note(SAME_ROUTE));
                Router::new()
            });
        }
        // Of several default answers to a path that nobody knows, axum takes the last: it is of no router's settings.
        let router = router.merge(Router::new().layer(Tell::new(None, files)));
        let mut limits = server.clone();
        limits.body = widest;
        let merged = Self {
            router,
            limits,
            with_connect_info: false,
            has_files: files.is_some(),
        };
        (Some(merged), problems)
    }
}

const SAME_ROUTE: &str = "help: of the routers that are mounted, one may have a path with a method, and one a fallback; serve the other under a prefix with Router::nest";

/// Two routers as one, or why that cannot be: axum panics, and has no other way to tell.
pub(super) fn joined(one: Router, other: Router) -> Result<Router, String> {
    catch_unwind(AssertUnwindSafe(|| one.merge(other))).map_err(|payload| {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or(payload.downcast_ref::<&str>().copied());
        format!(
            "cannot be merged with those that were mounted before it: {}",
            text.unwrap_or("axum does not say why")
        )
    })
}

/// What a router has of its own.
#[derive(Debug)]
pub(crate) struct Own {
    pub(crate) limits: Limits,
    /// Whether the access log has its requests.
    pub(crate) written: bool,
    /// The largest body, where that is less than what the pipeline lets through.
    body: Option<u64>,
    /// Where somebody has to be asked whether the caller may.
    guard: Option<Guard>,
}

/// A layer of a router runs after routing.
#[derive(Debug, Clone)]
struct Tell {
    own: Option<Arc<Own>>,
    files: Option<StaticFiles>,
}

impl Tell {
    fn new(own: Option<Arc<Own>>, files: Option<&StaticFiles>) -> Self {
        let files = files.cloned();
        Self { own, files }
    }
}

#[derive(Debug, Clone)]
struct Telling {
    own: Option<Arc<Own>>,
    files: Option<StaticFiles>,
    inner: Route,
}

impl Layer<Route> for Tell {
    type Service = Telling;

    fn layer(&self, inner: Route) -> Telling {
        Telling {
            own: self.own.clone(),
            files: self.files.clone(),
            inner,
        }
    }
}

impl Service<Request> for Telling {
    type Response = Response;
    type Error = Infallible;
    type Future = Either<RouteFuture<Infallible>, Aside>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Service::<Request>::poll_ready(&mut self.inner, context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let matched = request.extensions().get::<MatchedPath>().cloned();
        // What matches nothing is here as well, on its way to the answer that the routers have for such a request.
        if let (Some(files), None) = (&self.files, &matched)
            && request.extensions().get::<IsRoute>().is_none()
        {
            let files = files.clone();
            let inner = Self {
                files: None,
                ..self.clone()
            };
            return Either::Right(Either::Right(Box::pin(file_or(files, request, inner))));
        }
        let mut note = Note {
            matched: matched.map(Matched::Route),
            own: self.own.clone(),
            permit: None,
        };
        let Some(own) = &self.own else {
            let late = tell(note);
            let answer = self.inner.call(request);
            return match late {
                None => Either::Left(answer),
                Some(note) => told_late(note, answer),
            };
        };
        let admitted = own.admit(request, &mut note.permit);
        let late = tell(note);
        let answer: Self::Future = match admitted {
            Err(refused) => Either::Right(Either::Left(ready(Ok(*refused)))),
            Ok(request) if own.guard.is_some() => {
                let pass = pass(Arc::clone(own), request, self.inner.clone());
                Either::Right(Either::Right(Box::pin(pass)))
            }
            Ok(request) => Either::Left(self.inner.call(request)),
        };
        match late {
            None => answer,
            Some(note) => told_late(note, answer),
        }
    }
}

/// The answer with the note. Until then the pipeline knows neither the route nor its timeout; the place in flight is held.
#[cold]
fn told_late<A>(note: Note, answer: A) -> Either<RouteFuture<Infallible>, Aside>
where
    A: Future<Output = Result<Response, Infallible>> + Send + 'static,
{
    Either::Right(Either::Right(Box::pin(async move {
        let mut response = answer.await?;
        attach(note, &mut response);
        Ok(response)
    })))
}

/// What does not go straight into the router.
type Aside = Either<
    Ready<Result<Response, Infallible>>,
    Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>,
>;

/// A file, or what the routers answer where there is none.
async fn file_or(
    files: StaticFiles,
    request: Request,
    mut inner: Telling,
) -> Result<Response, Infallible> {
    let (head, body) = request.into_parts();
    let Some(mut response) = files.answer(&head).await else {
        return inner.call(Request::from_parts(head, body)).await;
    };
    let note = Note {
        matched: Some(Matched::File(files.label())),
        own: None,
        permit: None,
    };
    if let Some(late) = tell(note) {
        attach(late, &mut response);
    }
    Ok(response)
}

/// The answer of the router, when the caller may have it.
async fn pass(own: Arc<Own>, request: Request, mut inner: Route) -> Result<Response, Infallible> {
    let (mut parts, body) = request.into_parts();
    // Every request that is here came through the pipeline, which puts it there.
    let Some(app) = parts.extensions.get::<AppContext>().cloned() else {
        return Ok(StatusCode::INTERNAL_SERVER_ERROR.into_response());
    };
    if let Some(guard) = &own.guard
        && let Some(refusal) = guard.refusal(&mut parts, &app).await
    {
        return Ok(refusal);
    }
    // A route is always ready.
    inner.call(Request::from_parts(parts, body)).await
}

impl Own {
    /// The request within the limits of the router, or the answer to one that is beyond them.
    fn admit(
        &self,
        request: Request,
        permit: &mut Option<Permit>,
    ) -> Result<Request, Box<Response>> {
        *permit = self.limits.enter().map_err(|Full| {
            let retry = HeaderValue::from_static("1");
            let mut refused = limits::full().into_unrendered();
            refused.headers_mut().insert(header::RETRY_AFTER, retry);
            Box::new(refused)
        })?;
        let Some(limit) = self.body else {
            return Ok(request);
        };
        if limits::declared_length(request.headers()).is_some_and(|length| length > limit) {
            return Err(Box::new(limits::too_large(limit).into_unrendered()));
        }
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(request.map(|body| Body::new(Limited::new(body, limit))))
    }
}

/// Histograms by template and then by method, for routes that are not known at start. Readers take no lock and allocate
/// nothing; a new template copies the map, of which there is one for each route that the user wrote.
#[derive(Debug, Default)]
pub(crate) struct MountedMetrics(ArcSwap<ByTemplate>);

/// Templates are in the code of the application, so their hash need not withstand anybody, and std's would be most of a look-up.
type ByTemplate = HashMap<Arc<str>, ByMethod, foldhash::fast::RandomState>;

/// The few methods of one template.
type ByMethod = Vec<(&'static str, Arc<RouteMetrics>)>;

impl MountedMetrics {
    /// `written` is whether the access log has the requests of the router, which is the same for all that it matches.
    pub(crate) fn of(&self, method: &Method, route: &Matched, written: bool) -> Arc<RouteMetrics> {
        let label = method_label(method);
        if let Some(metrics) = find(&self.0.load(), route.as_str(), label) {
            return Arc::clone(metrics);
        }
        let metrics = Arc::new(RouteMetrics::new(method, route.as_str()).written(written));
        self.0.rcu(|map| {
            let mut map = ByTemplate::clone(map);
            // Somebody else may have been faster.
            if find(&map, route.as_str(), label).is_none() {
                map.entry(Arc::from(route.as_str()))
                    .or_default()
                    .push((label, Arc::clone(&metrics)));
            }
            map
        });
        metrics
    }
}

fn find<'a>(map: &'a ByTemplate, route: &str, label: &str) -> Option<&'a Arc<RouteMetrics>> {
    let of_route = map.get(route)?.iter();
    let mut of_method = of_route.filter(|(method, _)| *method == label);
    of_method.next().map(|(_, metrics)| metrics)
}
