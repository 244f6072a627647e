//! `Error` as an HTTP response, for rustboot-web alone.
//!
//! The orphan rule wants this impl in the crate that owns [`Error`]. It only packs the error into the response: the
//! pipeline of rustboot-web finds it there, logs it and renders the body in the shape that the application chose. In a
//! router outside of the pipeline (a unit test, say), the response still has the right status and a minimal problem body.

use std::sync::Arc;

use axum_core::body::Body;
use axum_core::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};

use super::Error;

/// The error inside the extensions of its response.
#[derive(Debug, Clone)]
pub struct ErrorCarrier(pub Arc<Error>);

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = format!(
            r#"{{"type":"about:blank","title":"{}","status":{}}}"#,
            status.canonical_reason().unwrap_or("Error"),
            status.as_u16()
        );
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        for (name, value) in self.presentation().map_or(&[][..], |shown| shown.headers()) {
            match (
                HeaderName::from_bytes(name.as_bytes()),
                HeaderValue::from_str(value),
            ) {
                (Ok(name), Ok(value)) => {
                    response.headers_mut().append(name, value);
                }
                _ => {
                    tracing::warn!(target: "rustboot", header = %name, "a header of an error is not one that HTTP allows");
                }
            }
        }
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        response
            .extensions_mut()
            .insert(ErrorCarrier(Arc::new(self)));
        response
    }
}
