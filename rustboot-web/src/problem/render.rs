//! From a problem to the response that says so.

use std::panic::{AssertUnwindSafe, catch_unwind};

use axum::response::Response;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use super::{ErrorBody, Explained, Problem, ProblemOrigin};

/// What was asked for, by whom and how.
pub(crate) struct Asked<'a> {
    pub(crate) method: &'a Method,
    pub(crate) path: &'a str,
    pub(crate) request_id: &'a str,
    /// Whether a route, or a management endpoint, was there for it.
    pub(crate) has_route: bool,
}

/// The response for an error. Headers that a handler or layer set stay, except those that describe the body.
pub(crate) fn problem_response(
    explained: &Explained,
    mut headers: HeaderMap,
    asked: &Asked<'_>,
    shape: &dyn ErrorBody,
) -> Response {
    headers.remove(header::CONTENT_TYPE);
    headers.remove(header::CONTENT_LENGTH);
    headers.remove(header::CONTENT_ENCODING);
    let problem = Problem {
        type_uri: explained.type_uri.as_deref().unwrap_or("about:blank"),
        title: match &explained.title {
            Some(title) => title,
            None => explained
                .status
                .canonical_reason()
                .map_or("Error", plain_title),
        },
        status: explained.status.as_u16(),
        detail: explained.detail.as_deref(),
        instance: asked.path,
        request_id: asked.request_id,
        errors: &explained.fields,
        members: &explained.members,
        method: asked.method,
        origin: origin(explained, asked),
        headers: &headers,
        error: explained.error.as_deref(),
    };
    let mut response = rendered(&problem, shape);
    if response.status().as_u16() < 400 {
        *response.status_mut() = explained.status;
    }
    let set = response.headers_mut();
    set.entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    if explained.status == StatusCode::TOO_MANY_REQUESTS
        && !headers.contains_key(header::RETRY_AFTER)
    {
        // Whoever knows better says so; without it, many clients come back at once.
        set.entry(header::RETRY_AFTER)
            .or_insert(HeaderValue::from_static("1"));
    }
    for name in headers.keys() {
        if !set.contains_key(name) {
            for value in headers.get_all(name) {
                set.append(name, value.clone());
            }
        }
    }
    response
}

/// An application that cannot write down an error still has one to answer.
fn rendered(problem: &Problem<'_>, shape: &dyn ErrorBody) -> Response {
    // The panic hook has logged and counted it.
    catch_unwind(AssertUnwindSafe(|| shape.render(problem))).unwrap_or_else(|_| {
        tracing::error!(target: "rustboot::web", status = problem.status, "the ErrorBody panicked; the problem is sent in the standard shape");
        problem.to_response()
    })
}

fn origin(explained: &Explained, asked: &Asked<'_>) -> ProblemOrigin {
    let says_no_route = [StatusCode::NOT_FOUND, StatusCode::METHOD_NOT_ALLOWED];
    if !asked.has_route && says_no_route.contains(&explained.status) {
        ProblemOrigin::NoRoute
    } else if explained.is_of_pipeline {
        ProblemOrigin::Pipeline
    } else {
        ProblemOrigin::Handler
    }
}

/// The names that RFC 9110 gave to two statuses after the `http` crate had named them.
fn plain_title(reason: &'static str) -> &'static str {
    match reason {
        "Payload Too Large" => "Content Too Large",
        "Unprocessable Entity" => "Unprocessable Content",
        reason => reason,
    }
}
