//! One check.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::component::BoxFuture;

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// It works.
    Up,
    /// It works, and something about it is not as it should be.
    Degraded,
    /// It does not work.
    Down,
    /// It is not meant to work right now: starting, draining, switched off.
    OutOfService,
    /// Nobody can tell.
    Unknown,
}

impl Status {
    /// The HTTP status of an answer about it: 503 when requests should go elsewhere, else 200.
    pub fn http_status(self) -> u16 {
        match self {
            Self::Down | Self::OutOfService => 503,
            Self::Up | Self::Degraded | Self::Unknown => 200,
        }
    }
}

/// The result of a check.
#[derive(Debug, Clone, PartialEq)]
pub struct Health {
    /// How it is.
    pub status: Status,
    /// What else is known, for people. Never a secret.
    pub details: serde_json::Map<String, serde_json::Value>,
}

impl Health {
    /// A result without details.
    pub fn new(status: Status) -> Self {
        Self {
            status,
            details: serde_json::Map::new(),
        }
    }

    /// It works.
    pub fn up() -> Self {
        Self::new(Status::Up)
    }

    /// It does not work, because of that.
    pub fn down(reason: impl fmt::Display) -> Self {
        Self::new(Status::Down).with("error", reason.to_string())
    }

    /// It works, with that reservation.
    pub fn degraded(reason: impl fmt::Display) -> Self {
        Self::new(Status::Degraded).with("reason", reason.to_string())
    }

    /// Adds a detail.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<serde_json::Value>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }
}

/// Something that can tell how a part of the application is.
pub trait HealthIndicator: Send + Sync + 'static {
    /// The name in `/health`: `database`.
    fn name(&self) -> &str;

    /// Whether the application cannot do its work while this is down: then `/ready` answers 503. Otherwise `/health` says
    /// DEGRADED.
    fn is_critical(&self) -> bool {
        true
    }

    /// A limit of its own, instead of `health.timeout`.
    fn timeout(&self) -> Option<Duration> {
        None
    }

    /// Looks. It may be dropped at its timeout, at any await.
    fn check(&self) -> BoxFuture<'_, Health>;
}
