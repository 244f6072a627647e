//! The limits that a request meets, worked out at start: those of its route where it has some, else the server's.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, StatusCode, header};

use super::RouteSettings;
use super::gate::{Gate, Permit};
use crate::config::ServerConfig;
use crate::problem::Explained;

/// What is allowed.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    pub(crate) timeout: Duration,
    pub(crate) body: u64,
    /// The in-flight limit of the route. That of the server is the pipeline's.
    gate: Option<Arc<Gate>>,
}

impl Limits {
    /// The server's.
    pub(crate) fn new(server: &ServerConfig) -> Self {
        Self {
            timeout: server.request_timeout,
            body: server.body_limit.as_u64(),
            gate: None,
        }
    }

    /// These, where a route has none of its own.
    pub(crate) fn with(&self, settings: &RouteSettings, gate: Option<Arc<Gate>>) -> Self {
        Self {
            timeout: settings.timeout.unwrap_or(self.timeout),
            body: settings
                .body_limit
                .map_or(self.body, |limit| limit.as_u64()),
            gate,
        }
    }

    /// Takes a place in flight, where places are limited.
    ///
    /// # Errors
    /// There is none.
    #[inline]
    pub(crate) fn enter(&self) -> Result<Option<Permit>, Full> {
        match &self.gate {
            None => Ok(None),
            Some(gate) => gate.enter().map(Some).ok_or(Full),
        }
    }
}

/// There is no room.
#[derive(Debug)]
pub(crate) struct Full;

/// The answer when there is no room.
pub(crate) fn full() -> Explained {
    Explained::of_pipeline(StatusCode::SERVICE_UNAVAILABLE)
        .with_detail("too many requests are being worked on; try again in a moment")
}

/// The answer to a body that is larger than allowed.
pub(crate) fn too_large(limit: u64) -> Explained {
    Explained::of_pipeline(StatusCode::PAYLOAD_TOO_LARGE)
        .with_detail(format!("the body is larger than {limit} bytes"))
}

/// The length of the body, when the client says it.
pub(crate) fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}
