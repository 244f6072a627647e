//! The pipeline of a listener, and its face for one connection.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use axum::extract::ConnectInfo;
use http::{Method, Request, Response, StatusCode};
use http_body::Body as _;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Incoming;
use metrics::{Counter, Gauge};
use rustboot_core::AppContext;
use rustboot_core::management::{self, Access, Endpoint, Reply};
use rustboot_core::{Error, ErrorKind};
use rustboot_observe::logs::{AccessLog, UserAgent};
use tower_service::Service as _;

use super::ConnectionState;
use super::PipelineBody;
use super::answer::{Answer, ResponseFuture};
#[cfg(feature = "compression")]
use super::compressing;
use super::cross_origin;
use super::future::PipelineFuture;
use super::record::{Record, RequestPath, Subject};
use super::request;
use crate::client_ip::{Forwarding, Peer};
#[cfg(feature = "compression")]
use crate::compression;
use crate::cors;
use crate::extract::RequestBody;
use crate::problem::ErrorBody;
use crate::route::RouteMetrics;
use crate::route::dispatch::{Dispatcher, Found, RouteEntry};
use crate::route::limits::{Full, Limits, too_large};
use crate::route::mounted::{IsRoute, Mounted, MountedMetrics};
use crate::stream::Streams;

/// Everything that a request needs and that is known at start.
pub(crate) struct Pipeline {
    pub(crate) app: AppContext,
    pub(crate) dispatcher: Dispatcher,
    /// The user's own routers, when there are any.
    pub(crate) mounted: Option<Mounted>,
    pub(crate) mounted_metrics: MountedMetrics,
    pub(crate) error_body: Arc<dyn ErrorBody>,
    pub(crate) access_log: Option<AccessLog>,
    pub(crate) forwarding: Forwarding,
    /// What pages of other origins may do, when there are any that may do anything.
    pub(crate) cors: Option<Arc<cors::Policy>>,
    /// Which answers are compressed, when there are any.
    #[cfg(feature = "compression")]
    pub(crate) compression: Option<Arc<compression::Policy>>,
    /// For what is no attribute route: those have their own.
    pub(crate) limits: Limits,
    pub(crate) max_in_flight: usize,
    /// For the whole head, in bytes. hyper has one for what it reads at once, which is up to twice as much.
    pub(crate) header_limit: usize,
    /// Whether endpoints show details here.
    pub(crate) show_details: bool,
    pub(crate) in_flight: AtomicUsize,
    pub(crate) draining: AtomicBool,
    pub(crate) active: Gauge,
    pub(crate) shed: Counter,
    /// For requests that match nothing, by method: one label value for all of them.
    pub(crate) unmatched: UnmatchedMetrics,
    /// What goes on for longer than an answer.
    pub(crate) streams: Arc<Streams>,
}

/// The histograms of requests without a route.
#[derive(Debug)]
pub(crate) struct UnmatchedMetrics(Vec<(Method, Arc<RouteMetrics>)>, Arc<RouteMetrics>);

impl Default for UnmatchedMetrics {
    fn default() -> Self {
        let of = |method: &Method| Arc::new(RouteMetrics::new(method, "unmatched"));
        let methods = [
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::DELETE,
            Method::PATCH,
            Method::HEAD,
            Method::OPTIONS,
            Method::CONNECT,
            Method::TRACE,
        ];
        let other = Method::from_bytes(b"OTHER").unwrap_or(Method::GET);
        let metrics = methods
            .into_iter()
            .map(|method| (method.clone(), of(&method)))
            .collect();
        Self(metrics, of(&other))
    }
}

impl UnmatchedMetrics {
    pub(crate) fn of(&self, method: &Method) -> &Arc<RouteMetrics> {
        self.0
            .iter()
            .find(|(known, _)| known == method)
            .map_or(&self.1, |(_, metrics)| metrics)
    }
}

impl Pipeline {
    /// How many requests are being worked on.
    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    fn answer(
        self: &Arc<Self>,
        request: Request<Incoming>,
        connection: &Arc<ConnectionState>,
    ) -> PipelineFuture {
        let known = request::Known::among(request.headers());
        let correlation = known.correlation();
        let client_ip = self.forwarding.client(connection.peer(), request.headers());
        let user_agent = known
            .user_agent
            .filter(|_| self.access_log.is_some())
            .map(|agent| UserAgent::of(agent.as_bytes()));
        let is_refused = known.refuses(&request, connection.received(), self.header_limit);
        let mut record = Record::new(
            self,
            connection,
            &request,
            correlation,
            client_ip,
            user_agent,
        );

        if is_refused {
            let refusal = known.refusal(request.version(), self.header_limit);
            record.path = RequestPath::of(&request);
            return PipelineFuture::new(refusal, record);
        }
        if self.reads_more()
            && let Some(answer) = self.read_more(&request, &mut record)
        {
            return PipelineFuture::new(answer, record);
        }
        let answer = match self.dispatcher.find(request.method(), request.uri().path()) {
            Found::Endpoint(endpoint, parameter) => {
                record.path = RequestPath::of(&request);
                record.subject = Subject::Management;
                let call = management::Call {
                    app: self.app.clone(),
                    parameter,
                    show_details: self.show_details,
                    body: Vec::new(),
                    headers: request::read(endpoint.reads, request.headers()),
                };
                Answer::Endpoint(match endpoint.access {
                    // Called by the first poll: inside of the panic guard, and with the ids for its logs.
                    Access::Read => Box::pin(async move { endpoint.call(call).await }),
                    Access::Write => Box::pin(write(endpoint, call, request)),
                })
            }
            Found::Route(route, parameters) => {
                record.timeout = route.limits.timeout;
                record.subject = Subject::Route(Arc::clone(route.metrics_for(request.method())));
                match self.admit(&mut record, &request, &route.limits) {
                    Err(refusal) => {
                        record.path = RequestPath::of(&request);
                        refusal
                    }
                    Ok(()) => {
                        match parameters {
                            Some(parameters) => record.path = RequestPath::Matched(parameters),
                            None if route.is_literal() => {}
                            None => record.path = RequestPath::of(&request),
                        }
                        match route.direct() {
                            // The head is not needed any more, and gone before the handler runs. Not moved before that.
                            Some((_, false)) => Answer::Direct(route),
                            _ => self.dispatch(route, request, &mut record),
                        }
                    }
                }
            }
            found => {
                record.path = RequestPath::of(&request);
                let mounted = self.mounted.as_ref();
                let limits = mounted.map_or(&self.limits, |mounted| &mounted.limits);
                match self.admit(&mut record, &request, limits) {
                    Err(refusal) => refusal,
                    Ok(()) => self.elsewhere(found, request, connection),
                }
            }
        };
        PipelineFuture::new(answer, record)
    }

    /// Whether more of the head is looked at than everybody's. Both in one branch, for those who have neither.
    #[inline]
    fn reads_more(&self) -> bool {
        #[cfg(feature = "compression")]
        let compresses = self.compression.is_some();
        #[cfg(not(feature = "compression"))]
        let compresses = false;
        self.cors.is_some() | compresses
    }

    fn read_more(&self, request: &Request<Incoming>, record: &mut Record) -> Option<Answer> {
        #[cfg(feature = "compression")]
        if let Some(policy) = &self.compression {
            compressing::begin(policy, request, record);
        }
        let policy = self.cors.as_ref()?;
        cross_origin::begin(self, policy, request, record)
    }

    /// What an attribute route answers that needs more of the request than its path.
    fn dispatch(
        &self,
        route: Arc<RouteEntry>,
        request: Request<Incoming>,
        record: &mut Record,
    ) -> Answer {
        if route.direct().is_some() {
            let (head, body) = request.into_parts();
            let body = RequestBody::new(&head.headers, body, route.limits.body);
            record.body = Some(Box::new(body));
            return Answer::Direct(route);
        }
        let path = RequestPath::of(&request);
        let mut request = request::prepare(request, route.limits.body);
        if route.with_connect_info {
            insert_connect_info(&mut request, &record.connection);
        }
        if let RequestPath::Matched(parameters) = std::mem::replace(&mut record.path, path) {
            request.extensions_mut().insert(parameters);
        }
        Answer::Handler(route.call(request, &self.app))
    }

    /// What no attribute route answers.
    fn elsewhere(
        &self,
        found: Found,
        request: Request<Incoming>,
        connection: &ConnectionState,
    ) -> Answer {
        match found {
            // A mounted router may know the path, or the method that the attribute routes do not.
            Found::OtherMethod(allow) => match self.mounted(request, true, connection) {
                Some(answer) => Answer::Mounted {
                    answer,
                    otherwise: Some(allow),
                },
                None => Answer::method_not_allowed(allow),
            },
            _ => match self.mounted(request, false, connection) {
                Some(answer) => Answer::Mounted {
                    answer,
                    otherwise: None,
                },
                None => Answer::status(StatusCode::NOT_FOUND),
            },
        }
    }

    fn mounted(
        &self,
        request: Request<Incoming>,
        is_route: bool,
        connection: &ConnectionState,
    ) -> Option<ResponseFuture> {
        let mounted = self.mounted.as_ref()?;
        let mut router = mounted.router.clone();
        let mut request = request::prepare(request, mounted.limits.body);
        request.extensions_mut().insert(self.app.clone());
        if mounted.with_connect_info {
            insert_connect_info(&mut request, connection);
        }
        if is_route && mounted.has_files {
            request.extensions_mut().insert(IsRoute);
        }
        Some(Box::pin(async move {
            match router.call(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            }
        }))
    }

    /// Counts the request in, unless there is no room for it or its body is too large. One that is refused takes no room: its
    /// answer may wait for a client that does not read.
    fn admit(
        &self,
        record: &mut Record,
        request: &Request<Incoming>,
        limits: &Limits,
    ) -> Result<(), Answer> {
        if !self.enter() {
            self.shed.increment(1);
            return Err(Answer::full());
        }
        record.counted = true;
        self.active.increment(1.0);
        let admitted = limits.enter().map_err(|Full| Answer::full());
        let refusal = match admitted {
            Ok(permit) => {
                record.permit = permit;
                // What the client declares; hyper does not let through more than that.
                let declared = request.body().size_hint().exact();
                if declared.is_none_or(|length| length <= limits.body) {
                    return Ok(());
                }
                Answer::refused(too_large(limits.body), None)
            }
            Err(full) => full,
        };
        record.count_out();
        Err(refusal)
    }

    /// Takes a place in flight, while there is one.
    #[inline]
    fn enter(&self) -> bool {
        if self.max_in_flight == usize::MAX {
            self.in_flight.fetch_add(1, Ordering::Relaxed);
            return true;
        }
        // Not counted first and given back, like behind a `Gate`.
        let entered = self
            .in_flight
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |inside| {
                (inside < self.max_in_flight).then_some(inside + 1)
            });
        entered.is_ok()
    }
}

/// For axum's `ConnectInfo<SocketAddr>`: the other side of the connection, which is a proxy's where there is one. A Unix socket has
/// no address.
fn insert_connect_info(request: &mut axum::extract::Request, connection: &ConnectionState) {
    if let Peer::Tcp(address) = connection.peer() {
        request.extensions_mut().insert(ConnectInfo(address));
    }
}

impl std::fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pipeline")
    }
}

/// The body of a write to an endpoint is a small JSON object.
const ENDPOINT_BODY_LIMIT: usize = 64 * 1024;

async fn write(
    endpoint: Arc<Endpoint>,
    mut call: management::Call,
    request: Request<Incoming>,
) -> Reply {
    match Limited::new(request.into_body(), ENDPOINT_BODY_LIMIT)
        .collect()
        .await
    {
        Ok(body) => {
            call.body = body.to_bytes().to_vec();
            endpoint.call(call).await
        }
        Err(error) if error.is::<LengthLimitError>() => Reply::Error(Error::new(
            ErrorKind::TooLarge,
            format!("the body is larger than {ENDPOINT_BODY_LIMIT} bytes"),
        )),
        Err(_) => Reply::Error(Error::bad_request("the body could not be read")),
    }
}

/// The pipeline as hyper calls it.
#[derive(Debug, Clone)]
pub(crate) struct ConnectionService {
    pub(crate) pipeline: Arc<Pipeline>,
    pub(crate) connection: Arc<ConnectionState>,
}

impl hyper::service::Service<Request<Incoming>> for ConnectionService {
    type Response = Response<PipelineBody>;
    type Error = Infallible;
    type Future = PipelineFuture;

    fn call(&self, request: Request<Incoming>) -> PipelineFuture {
        self.pipeline.answer(request, &self.connection)
    }
}
