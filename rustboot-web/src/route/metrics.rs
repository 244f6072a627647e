//! What a route needs for its figures and its lines in the access log, made once: the duration histogram with one handle a
//! status, and the parts of the line that do not change.

use std::sync::OnceLock;
use std::time::Duration;

use http::{Method, StatusCode};
use metrics::Histogram;
use rustboot_observe::logs::AccessRoute;

const NAME: &str = "http_server_request_duration_seconds";

/// Statuses with a slot of their own. Any other is looked up by its labels each time.
const COMMON: [u16; 26] = [
    200, 201, 202, 204, 206, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405, 408, 409, 410,
    413, 415, 422, 429, 500, 503, 504,
];

/// For each status from 0 to 599 its slot, or `u8::MAX`.
const SLOTS: [u8; 600] = {
    let mut slots = [u8::MAX; 600];
    let mut i = 0;
    while i < COMMON.len() {
        slots[COMMON[i] as usize] = i as u8;
        i += 1;
    }
    slots
};

/// The histograms of one method and route.
#[derive(Debug)]
pub(crate) struct RouteMetrics {
    method: &'static str,
    access: AccessRoute,
    /// Whether the access log has its requests.
    written: bool,
    by_status: [OnceLock<Histogram>; COMMON.len()],
}

impl RouteMetrics {
    pub(crate) fn new(method: &Method, route: &str) -> Self {
        let method = method_label(method);
        Self {
            method,
            access: match method {
                OTHER => AccessRoute::for_any_method(route),
                method => AccessRoute::new(method, route),
            },
            written: true,
            by_status: [const { OnceLock::new() }; COMMON.len()],
        }
    }

    /// The same, with or without the access log.
    pub(crate) fn written(mut self, written: bool) -> Self {
        self.written = written;
        self
    }

    /// Whether the access log has its requests.
    pub(crate) fn is_written(&self) -> bool {
        self.written
    }

    /// It as the access log wants it.
    pub(crate) fn access(&self) -> &AccessRoute {
        &self.access
    }

    pub(crate) fn record(&self, status: StatusCode, took: Duration) {
        let status = status.as_u16();
        match SLOTS
            .get(usize::from(status))
            .and_then(|slot| self.by_status.get(usize::from(*slot)))
        {
            Some(slot) => slot.get_or_init(|| self.histogram(status)).record(took),
            None => self.histogram(status).record(took),
        }
    }

    fn histogram(&self, status: u16) -> Histogram {
        metrics::histogram!(
            NAME,
            "http_request_method" => self.method,
            "http_route" => self.access.template().to_owned(),
            "http_response_status_code" => status.to_string(),
        )
    }
}

/// The method as a label. Clients can invent methods; labels must not follow (OpenTelemetry: `_OTHER`).
pub(crate) fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::PATCH => "PATCH",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        Method::CONNECT => "CONNECT",
        Method::TRACE => "TRACE",
        _ => OTHER,
    }
}

const OTHER: &str = "_OTHER";
