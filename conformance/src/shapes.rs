//! The error responses of five systems that exist, each with a contract of its own with its clients. What they need of an
//! [`ErrorBody`] is another body, at times another status, header or media type, and to know who says no to what.

use std::collections::BTreeMap;

use rustboot::axum::http::HeaderValue;
use rustboot::prelude::*;
use rustboot::serde_json::{Value, json};
use rustboot::{ErrorBody, Problem, ProblemOrigin};
use serde::Deserialize;

/// Whose clients are asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Shape {
    /// `{success, data, message}` for success and error alike; 400 for what is not valid.
    Envelope,
    /// `{error}` of one service, plain text of another, told apart by the path.
    Depot,
    /// An envelope with `error` here, `{error: title, message: "kind: detail"}` there.
    Contrivance,
    /// `{success, message, errors: {field: [text]}}` for what is not valid, `{error}` otherwise, with more for some.
    Spotik,
    /// `{message}`; 400 for what is not valid; a 401 without any body.
    Todo,
    /// What goes wrong when somebody writes one.
    Panics,
}

impl ErrorBody for Shape {
    fn render(&self, problem: &Problem<'_>) -> Response {
        let text = problem.detail.unwrap_or(problem.title);
        match self {
            Self::Envelope => Json(json!({"success": false, "data": null, "message": text}))
                .into_response()
                .with_400_for_422(problem),
            Self::Depot if problem.instance.starts_with("/mounted") => (
                [(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"))],
                text.to_owned(),
            )
                .into_response(),
            Self::Depot => Json(json!({ "error": text })).into_response(),
            Self::Contrivance => contrivance(problem, text),
            Self::Spotik => spotik(problem, text),
            Self::Todo if problem.status == 401 => StatusCode::UNAUTHORIZED.into_response(),
            Self::Todo => Json(json!({ "message": text }))
                .into_response()
                .with_400_for_422(problem),
            Self::Panics => panic!("the shape cannot write down {}", problem.status),
        }
    }
}

trait With400 {
    fn with_400_for_422(self, problem: &Problem<'_>) -> Self;
}

impl With400 for Response {
    fn with_400_for_422(mut self, problem: &Problem<'_>) -> Self {
        if problem.status == 422 {
            *self.status_mut() = StatusCode::BAD_REQUEST;
        }
        self
    }
}

fn contrivance(problem: &Problem<'_>, text: &str) -> Response {
    let (status, title, kind) = match problem.status {
        401 => (401, "Unauthorized", "Authentication error"),
        403 => (403, "Forbidden", "Authorization error"),
        404 => (404, "Not Found", "Not found"),
        409 => (409, "Conflict", "Conflict"),
        422 => (400, "Validation Error", "Validation error"),
        status @ 400..500 => (status, "Bad Request", "Bad request"),
        503 => (503, "Service Unavailable", "Service unavailable"),
        status => (status, "Internal Server Error", "Internal error"),
    };
    let body = if problem.instance.starts_with("/mounted") {
        json!({"success": false, "data": null, "error": format!("{kind}: {text}"), "message": null})
    } else {
        json!({"error": title, "message": format!("{kind}: {text}")})
    };
    let status = StatusCode::from_u16(status).unwrap_or_default();
    (status, Json(body)).into_response()
}

fn spotik(problem: &Problem<'_>, text: &str) -> Response {
    let body = match problem.status {
        404 if problem.origin == ProblemOrigin::NoRoute => {
            json!({"error": "Endpoint not found", "path": problem.instance})
        }
        422 => {
            let mut errors: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
            for error in problem.errors {
                let field = error.place.as_str().trim_start_matches('/');
                errors.entry(field).or_default().push(&error.detail);
            }
            json!({"success": false, "message": "Validation failed", "errors": errors})
        }
        429 => {
            let seconds: Option<u64> = problem
                .headers
                .get(header::RETRY_AFTER)
                .and_then(|value| value.to_str().ok()?.parse().ok());
            json!({"error": "Rate limit exceeded", "retry_after": seconds})
        }
        status if status >= 500 => json!({
            "error": problem.title,
            "error_code": problem.members.get("error_code").unwrap_or(&Value::Null),
            "request_id": problem.request_id,
        }),
        _ => json!({ "error": text }),
    };
    let mut response = Json(body).into_response();
    response
        .headers_mut()
        .insert("x-error-shape", HeaderValue::from_static("spotik"));
    response
}
