//! The id of the request at hand.

use axum::extract::FromRequestParts;
use http::request::Parts;
use rustboot_core::{Error, ErrorKind};
use rustboot_observe::correlation;

/// The id of the request: what the client sent in `x-request-id`, or one that was made. It is in the answer, in every log
/// line written for the request, and in the body of an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(pub correlation::RequestId);

impl RequestId {
    pub(crate) fn current() -> Result<Self, Error> {
        correlation::request_id().map(Self).ok_or_else(|| {
            Error::new(
                ErrorKind::Configuration,
                "the request did not come through Rustboot's pipeline",
            )
        })
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl std::fmt::Display for RequestId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for RequestId {
    type Rejection = Error;

    async fn from_request_parts(_parts: &mut Parts, _state: &S) -> Result<Self, Error> {
        Self::current()
    }
}
