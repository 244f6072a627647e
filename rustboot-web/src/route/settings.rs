//! What a route may have of its own: limits, and whether it is in the access log.

use std::fmt;
use std::time::Duration;

use rustboot_core::ByteSize;

/// What a route says about itself instead of taking it from `[server]`. What it leaves out is the server's.
///
/// The arguments of `#[get]` and its siblings write it, [`RouteDef::settings`](super::RouteDef::settings) takes it for a
/// route that is written by hand, and [`router_with`](crate::WebAppBuilder::router_with) for a mounted axum router. It is read
/// once, at start: a request looks nothing up.
///
/// ```
/// use std::time::Duration;
/// use rustboot_core::ByteSize;
/// use rustboot_web::RouteSettings;
///
/// const UPLOADS: RouteSettings = RouteSettings::new()
///     .timeout(Duration::from_secs(120))
///     .body_limit(ByteSize::bytes(50 << 20))
///     .max_in_flight(4);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RouteSettings {
    pub(crate) timeout: Option<Duration>,
    pub(crate) body_limit: Option<ByteSize>,
    pub(crate) max_in_flight: Option<usize>,
    pub(crate) access_log: Option<bool>,
}

impl RouteSettings {
    /// Nothing of its own.
    pub const fn new() -> Self {
        Self {
            timeout: None,
            body_limit: None,
            max_in_flight: None,
            access_log: None,
        }
    }

    /// How long a request may take, from its head to the head of the answer, instead of `server.request_timeout`. Then the
    /// handler is dropped and the answer is a 503. Zero is an error at start.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The largest request body, instead of `server.body_limit`. Beyond it the answer is a 413. It may be larger than the
    /// server's.
    #[must_use]
    pub const fn body_limit(mut self, limit: ByteSize) -> Self {
        self.body_limit = Some(limit);
        self
    }

    /// How many requests may be in flight here, within what `server.max_in_flight` allows. Further ones get a 503 with
    /// `Retry-After` at once. A request is in flight until its answer is out; an event stream or a WebSocket, until it is
    /// open. Zero is an error at start.
    #[must_use]
    pub const fn max_in_flight(mut self, requests: usize) -> Self {
        self.max_in_flight = Some(requests);
        self
    }

    /// Whether requests are written to the access log, when there is one (`log.access`). They are counted in the metrics
    /// either way.
    #[must_use]
    pub const fn access_log(mut self, written: bool) -> Self {
        self.access_log = Some(written);
        self
    }

    /// These, and what they leave out from the others.
    pub(crate) fn or(self, others: &Self) -> Self {
        Self {
            timeout: self.timeout.or(others.timeout),
            body_limit: self.body_limit.or(others.body_limit),
            max_in_flight: self.max_in_flight.or(others.max_in_flight),
            access_log: self.access_log.or(others.access_log),
        }
    }

    /// What cannot be meant.
    pub(crate) fn mistakes(&self) -> Vec<&'static str> {
        let mut mistakes = Vec::new();
        if self.timeout.is_some_and(|timeout| timeout.is_zero()) {
            mistakes.push("a timeout of zero would refuse every request");
        }
        if self.max_in_flight == Some(0) {
            mistakes.push("with max_in_flight 0 there is room for no request");
        }
        mistakes
    }

    /// Name and value of each that is set, as people write them.
    pub(crate) fn named(&self) -> Vec<(&'static str, Setting)> {
        [
            self.timeout
                .map(|timeout| ("timeout", Setting::Text(format!("{timeout:?}")))),
            self.body_limit
                .map(|limit| ("body_limit", Setting::Text(limit.to_string()))),
            self.max_in_flight
                .map(|requests| ("max_in_flight", Setting::Number(requests))),
            self.access_log
                .map(|written| ("access_log", Setting::Switch(written))),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// The value of a setting, for a listing.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(untagged)]
pub(crate) enum Setting {
    Text(String),
    Number(usize),
    Switch(bool),
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => number.fmt(f),
            Self::Switch(switch) => switch.fmt(f),
        }
    }
}
