//! What is counted and logged about a request, whichever way it ends: answered, or dropped because the client went away.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, StatusCode, Uri, Version};
use hyper::body::Incoming;
use rustboot_core::finish::Deferred;
use rustboot_observe::correlation::Correlation;
use rustboot_observe::logs::{AccessRecord, ClientAddress, UserAgent};

use super::streaming::Streaming;
use super::{ConnectionState, Pipeline};
use crate::extract::{PathParameters, RequestBody};
#[cfg(feature = "compression")]
use crate::negotiation::Coding;
use crate::route::RouteMetrics;
use crate::route::gate::Permit;
use crate::route::note::Note;

/// What a request was for.
#[derive(Debug)]
pub(super) enum Subject {
    /// A management endpoint: neither counted nor logged.
    Management,
    /// A route of the application.
    Route(Arc<RouteMetrics>),
    /// Nothing that is known.
    Unmatched,
    /// The same, in a mounted router that stays out of the access log.
    UnmatchedUnwritten,
}

/// Where the path of a request is to be found.
#[derive(Debug)]
pub(super) enum RequestPath {
    /// It is the template of its route.
    Template,
    /// With its parameters.
    Matched(PathParameters),
    /// In the URI. That shares the memory of the request's head, and keeps hyper from using it again.
    Uri(Uri),
}

impl RequestPath {
    pub(super) fn of(request: &Request<Incoming>) -> Self {
        Self::Uri(request.uri().clone())
    }

    /// The path as the client sent it, without the query.
    pub(super) fn text<'a>(&'a self, subject: &'a Subject) -> &'a str {
        match self {
            Self::Template => match subject {
                Subject::Route(metrics) => metrics.access().template(),
                _ => "",
            },
            Self::Matched(parameters) => parameters.path(),
            Self::Uri(uri) => uri.path(),
        }
    }

    pub(super) fn parameters(&self) -> Option<&PathParameters> {
        match self {
            Self::Matched(parameters) => Some(parameters),
            _ => None,
        }
    }
}

/// The status that nginx made customary for a client that did not wait for its answer. It is only ever logged.
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// A request on its way. Dropping it unfinished counts it as aborted.
#[derive(Debug)]
pub(crate) struct Record {
    pub(super) pipeline: Arc<Pipeline>,
    pub(super) connection: Arc<ConnectionState>,
    pub(super) method: Method,
    pub(super) path: RequestPath,
    pub(super) version: Version,
    pub(super) subject: Subject,
    pub(super) status: Option<StatusCode>,
    /// Whether it was counted as in flight.
    pub(super) counted: bool,
    /// Its place behind the in-flight limit of its route, where that has one.
    pub(super) permit: Option<Permit>,
    /// How long the answer may take.
    pub(super) timeout: Duration,
    /// Of a request whose head is gone already; for the handler. Boxed: a request without one pays for the size of it.
    pub(super) body: Option<Box<RequestBody>>,
    start: Instant,
    pub(super) client_ip: Option<IpAddr>,
    user_agent: Option<UserAgent>,
    /// Made current at each poll; the log wants it at the end.
    pub(super) correlation: Correlation,
    /// For the answer: the id in there.
    pub(super) request_id: HeaderValue,
    /// The page of another origin that asks, as it is answered, where one may.
    pub(super) origin: Option<Box<HeaderValue>>,
    /// What the client takes of the codings that an answer may have, where answers are compressed.
    #[cfg(feature = "compression")]
    pub(super) coding: Option<Coding>,
    /// What has to end with the answer: transactions.
    pub(super) deferred: Deferred,
    /// Whether the answer goes on.
    pub(super) streaming: Streaming,
    /// Whether hyper is told that the answer has no body, whatever there is of one.
    pub(super) withheld: bool,
    /// What is left of a large piece of the body: HTTP/2 sends it bit by bit.
    pub(super) rest: Bytes,
    bytes: u64,
    ended: bool,
}

impl Record {
    #[inline]
    pub(super) fn new(
        pipeline: &Arc<Pipeline>,
        connection: &Arc<ConnectionState>,
        request: &Request<Incoming>,
        (correlation, request_id): (Correlation, HeaderValue),
        client_ip: Option<IpAddr>,
        user_agent: Option<UserAgent>,
    ) -> Box<Self> {
        connection.request_came();
        // The memory first, so that it is made in there and not moved.
        Box::write(
            Box::new_uninit(),
            Self {
                pipeline: Arc::clone(pipeline),
                connection: Arc::clone(connection),
                method: request.method().clone(),
                path: RequestPath::Template,
                version: request.version(),
                subject: Subject::Unmatched,
                status: None,
                counted: false,
                permit: None,
                timeout: pipeline.limits.timeout,
                body: None,
                start: Instant::now(),
                client_ip,
                user_agent,
                correlation,
                request_id,
                origin: None,
                #[cfg(feature = "compression")]
                coding: None,
                deferred: Deferred::default(),
                streaming: Streaming::No,
                withheld: false,
                rest: Bytes::new(),
                bytes: 0,
                ended: false,
            },
        )
    }

    /// What a mounted router said of the request.
    pub(super) fn learn(&mut self, note: Note) {
        let written = note.own.is_none_or(|own| own.written);
        self.subject = match &note.matched {
            Some(matched) => {
                let metrics = self
                    .pipeline
                    .mounted_metrics
                    .of(&self.method, matched, written);
                Subject::Route(metrics)
            }
            None if written => Subject::Unmatched,
            None => Subject::UnmatchedUnwritten,
        };
        self.permit = note.permit;
    }

    pub(crate) fn sent(&mut self, bytes: u64) {
        self.bytes += bytes;
    }

    /// The answer is out, all of it.
    pub(crate) fn end(&mut self) {
        self.ended = true;
    }

    /// It is no longer in flight: it is over, or has become a stream, which has a limit of its own.
    pub(super) fn count_out(&mut self) {
        self.permit = None;
        if std::mem::take(&mut self.counted) {
            self.pipeline.in_flight.fetch_sub(1, Ordering::Relaxed);
            self.pipeline.active.decrement(1.0);
        }
    }

    fn close(&mut self) {
        let now = Instant::now();
        self.connection.request_is_over(now);
        self.count_out();
        let metrics = match &self.subject {
            Subject::Management => return,
            Subject::Route(metrics) => metrics,
            Subject::Unmatched | Subject::UnmatchedUnwritten => {
                self.pipeline.unmatched.of(&self.method)
            }
        };
        let took = now.saturating_duration_since(self.start);
        let status = self
            .status
            .map_or(CLIENT_CLOSED_REQUEST, |status| status.as_u16());
        metrics.record(
            StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            took,
        );
        let Some(log) = self.pipeline.access_log.as_ref().filter(|log| {
            metrics.is_written()
                && !matches!(self.subject, Subject::UnmatchedUnwritten)
                && log.enabled()
        }) else {
            return;
        };
        let of_a_proxy;
        let client = match (self.client_ip, self.connection.address()) {
            (Some(ip), Some(peer)) if ip == peer.ip() => Some(peer),
            (Some(ip), _) => {
                of_a_proxy = ClientAddress::from(ip);
                Some(&of_a_proxy)
            }
            (None, _) => None,
        };
        log.write(
            &AccessRecord {
                route: metrics.access(),
                method: self.method.as_str(),
                path: self.path.text(&self.subject),
                status,
                duration: took,
                bytes: self.bytes,
                client_ip: client,
                user_agent: self.user_agent.as_ref(),
                aborted: !self.ended,
            },
            &self.correlation,
        );
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.close();
    }
}
