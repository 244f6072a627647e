//! What a problem is, and the shape that it is written in.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use rustboot_core::Error;
use rustboot_core::error::FieldError;
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::sentence;

/// An error as the client may see it. Serialized, it is the body of `application/problem+json`; what is marked as not part
/// of it is for an [`ErrorBody`] to decide by.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Problem<'a> {
    /// A URI that names the kind of problem; `about:blank` when the status says it all.
    pub type_uri: &'a str,
    /// The kind of problem in a few words.
    pub title: &'a str,
    /// The HTTP status.
    pub status: u16,
    /// What happened this time; none when nobody said more than the status does. With a 5xx, only what was explicitly made public.
    /// In the standard shape, a sentence about the status stands in for it.
    pub detail: Option<&'a str>,
    /// The path of the request.
    pub instance: &'a str,
    /// The id of the request, as in the log.
    pub request_id: &'a str,
    /// The invalid fields and parameters, for a validation error.
    pub errors: &'a [FieldError],
    /// Extension members (RFC 9457, section 3.2).
    pub members: &'a Map<String, Value>,
    /// Not part of the body: the method of the request.
    pub method: &'a Method,
    /// Not part of the body: who says no.
    pub origin: ProblemOrigin,
    /// Not part of the body: the headers that the answer has so far, such as `Allow`, `Retry-After` and `WWW-Authenticate`.
    pub headers: &'a HeaderMap,
    /// Not part of the body: the error, when there is one. With a 5xx its texts are for the log; use it for its kind and for
    /// [`Error::find`].
    pub error: Option<&'a Error>,
}

impl Serialize for Problem<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", self.type_uri)?;
        map.serialize_entry("title", self.title)?;
        map.serialize_entry("status", &self.status)?;
        let detail = self.detail;
        let detail = detail.unwrap_or_else(|| sentence::of(self.status, self.origin, self.title));
        map.serialize_entry("detail", detail)?;
        map.serialize_entry("instance", self.instance)?;
        map.serialize_entry("request_id", self.request_id)?;
        if !self.errors.is_empty() {
            map.serialize_entry("errors", self.errors)?;
        }
        for (name, member) in self.members {
            map.serialize_entry(name, member)?;
        }
        map.end()
    }
}

/// Who says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProblemOrigin {
    /// No route has the path (404), or the method (405).
    NoRoute,
    /// The pipeline: a limit, a timeout, the panic guard.
    Pipeline,
    /// The handler, one of its extractors, a layer, or a management endpoint.
    Handler,
}

impl Problem<'_> {
    /// The problem in the standard shape: `application/problem+json`, with its status. For an [`ErrorBody`] that has another
    /// shape for some problems only.
    pub fn to_response(&self) -> Response {
        // Texts and JSON values always serialize.
        let body = serde_json::to_vec(self).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        response
    }
}

/// The shape of error responses. Replace it with `AppBuilder::error_body` when clients expect another one: body, status and
/// headers, of all errors, in one place.
///
/// ```
/// use axum::Json;
/// use axum::response::{IntoResponse, Response};
/// use rustboot_web::{ErrorBody, Problem};
/// use serde_json::json;
///
/// /// `{"message":"…"}`, and 400 for what is not valid.
/// struct Message;
///
/// impl ErrorBody for Message {
///     fn render(&self, problem: &Problem<'_>) -> Response {
///         let message = problem.detail.unwrap_or(problem.title);
///         let mut response = Json(json!({ "message": message })).into_response();
///         if problem.status == 422 {
///             *response.status_mut() = axum::http::StatusCode::BAD_REQUEST;
///         }
///         response
///     }
/// }
/// ```
pub trait ErrorBody: Send + Sync + 'static {
    /// The response for a problem.
    ///
    /// A status below 400 (200 is what `Json` has when nobody sets one) is replaced by the problem's: an error stays one.
    /// Headers that are set here win over those that the answer had, which are in [`Problem::headers`]; the others stay.
    ///
    /// Called once for each error response, on the thread of the request: it must not block. If it panics, the panic is
    /// logged and counted like a handler's, and the client gets the problem in the standard shape.
    fn render(&self, problem: &Problem<'_>) -> Response;
}

/// `application/problem+json`: the default shape.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ProblemDetails;

impl ErrorBody for ProblemDetails {
    fn render(&self, problem: &Problem<'_>) -> Response {
        problem.to_response()
    }
}
