//! What a problem is, and how it is written.

use std::borrow::Cow;

use http::{HeaderValue, StatusCode};
use rustboot_core::error::FieldError;
use serde::Serialize;

/// An error as the client may see it.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Problem<'a> {
    /// A URI that names the kind of problem; `about:blank` when the status says it all.
    #[serde(rename = "type")]
    pub type_uri: &'a str,
    /// The kind of problem in a few words.
    pub title: &'a str,
    /// The HTTP status.
    pub status: u16,
    /// What happened this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<&'a str>,
    /// The path of the request.
    pub instance: &'a str,
    /// The id of the request, as in the log.
    pub request_id: &'a str,
    /// The invalid fields, for a validation error.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub errors: &'a [FieldError],
}

/// The shape of error bodies. Replace it with `AppBuilder::error_body` when clients expect another one.
pub trait ErrorBody: Send + Sync + 'static {
    /// The media type and the bytes for a problem. Called for each error response; must not block.
    fn render(&self, problem: &Problem<'_>) -> (HeaderValue, Vec<u8>);
}

/// `application/problem+json`: the default shape.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ProblemDetails;

impl ErrorBody for ProblemDetails {
    fn render(&self, problem: &Problem<'_>) -> (HeaderValue, Vec<u8>) {
        (
            HeaderValue::from_static("application/problem+json"),
            // A struct of strings always serializes.
            serde_json::to_vec(problem).unwrap_or_default(),
        )
    }
}

/// What is left to say about an error once its kind has been decided.
#[derive(Debug, Clone)]
pub(crate) struct Explained {
    pub(crate) status: StatusCode,
    pub(crate) detail: Option<Cow<'static, str>>,
    pub(crate) fields: Vec<FieldError>,
}
