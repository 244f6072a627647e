//! Which responses are errors, what they mean, and the response that says so.

use std::borrow::Cow;

use axum::body::Body;
use axum::response::Response;
use futures_util::FutureExt as _;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use rustboot_core::error::ErrorCarrier;
use rustboot_core::{AppContext, Error};

use super::{ErrorBody, Explained, Problem};

/// A plain-text error body is read as the detail up to this size; a longer one was meant for something else.
const LONGEST_DETAIL: u64 = 4096;

/// Says what an error response means, and logs what only we may know. `None` when the response is to be left alone: it is
/// no error, or the handler chose the body of its error itself.
pub(crate) fn explain_response(response: &mut Response, app: &AppContext) -> Option<Explained> {
    if response.status().as_u16() < 400 {
        return None;
    }
    if let Some(carrier) = response.extensions_mut().remove::<ErrorCarrier>() {
        return Some(explain_error(&carrier.0, app));
    }
    let status = response.status();
    let text = plain_text(response)?;
    if status.is_server_error() {
        if !text.is_empty() {
            tracing::error!(target: "rustboot::web", status = status.as_u16(), error = %text, "request failed");
        }
        return Some(Explained {
            status,
            detail: None,
            fields: Vec::new(),
        });
    }
    Some(Explained {
        status,
        detail: (!text.is_empty()).then_some(Cow::Owned(text)),
        fields: Vec::new(),
    })
}

fn explain_error(error: &Error, app: &AppContext) -> Explained {
    // A library's error that came through `?` is Internal, unless a module knows better.
    let (kind, detail) = match app.classify(error) {
        Some(classified) if error.source().is_some() => (classified.kind, classified.detail),
        _ => (error.kind(), Cow::Owned(error.detail().to_owned())),
    };
    let status = StatusCode::from_u16(kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if status.is_server_error() {
        tracing::error!(target: "rustboot::web", status = status.as_u16(), error = %error, "request failed");
        return Explained {
            status,
            detail: None,
            fields: Vec::new(),
        };
    }
    tracing::debug!(target: "rustboot::web", status = status.as_u16(), error = %error, "request refused");
    Explained {
        status,
        detail: (!detail.is_empty()).then_some(detail),
        fields: error.fields().to_vec(),
    }
}

/// The text of a body that is plain text or nothing, as rejections and axum's own answers are. `None` for any other body.
fn plain_text(response: &mut Response) -> Option<String> {
    let is_plain = match response.headers().get(header::CONTENT_TYPE) {
        None => response.body().size_hint().exact() == Some(0),
        Some(value) => value.as_bytes().starts_with(b"text/plain"),
    };
    let length = response.body().size_hint().exact()?;
    if !is_plain || length > LONGEST_DETAIL {
        return None;
    }
    let body = std::mem::take(response.body_mut());
    // A body of a known length that is all there answers at once.
    match body.collect().now_or_never() {
        Some(Ok(collected)) => Some(
            String::from_utf8_lossy(&collected.to_bytes())
                .trim()
                .to_owned(),
        ),
        _ => Some(String::new()),
    }
}

/// The response for an error. Headers that a handler or layer set stay, except those that describe the body.
pub(crate) fn problem_response(
    explained: &Explained,
    mut headers: HeaderMap,
    instance: &str,
    request_id: &str,
    shape: &dyn ErrorBody,
) -> Response {
    let (content_type, body) = shape.render(&Problem {
        type_uri: "about:blank",
        title: explained
            .status
            .canonical_reason()
            .map_or("Error", plain_title),
        status: explained.status.as_u16(),
        detail: explained.detail.as_deref(),
        instance,
        request_id,
        errors: &explained.fields,
    });
    headers.remove(header::CONTENT_LENGTH);
    headers.remove(header::CONTENT_ENCODING);
    headers.insert(header::CONTENT_TYPE, content_type);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = explained.status;
    *response.headers_mut() = headers;
    response
}

/// The names that RFC 9110 gave to two statuses after the `http` crate had named them.
fn plain_title(reason: &'static str) -> &'static str {
    match reason {
        "Payload Too Large" => "Content Too Large",
        "Unprocessable Entity" => "Unprocessable Content",
        reason => reason,
    }
}
