//! Requests of pages of other origins, where some are allowed: [`cors`](crate::cors).

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, Request, StatusCode};
use hyper::body::Incoming;

use super::Pipeline;
use super::answer::Answer;
use super::record::{Record, RequestPath, Subject};
use crate::cors::{Policy, Preflight};
use crate::problem::Explained;

/// Notes for the end who asks, or answers at once: a preflight is for no route, and none of a handler's business.
pub(super) fn begin(
    pipeline: &Pipeline,
    policy: &Policy,
    request: &Request<Incoming>,
    record: &mut Record,
) -> Option<Answer> {
    let Some(preflight) = policy.preflight(request.method(), request.headers()) else {
        record.origin = policy.origin(request.headers()).map(Box::new);
        return None;
    };
    // No page of another origin may change the levels of the log.
    if pipeline.dispatcher.is_endpoint(request.uri().path()) {
        return None;
    }
    record.path = RequestPath::of(request);
    record.subject = Subject::Route(policy.metrics().clone());
    Some(match preflight {
        Preflight::Granted(headers) => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NO_CONTENT;
            *response.headers_mut() = headers;
            Answer::Handler(Box::pin(std::future::ready(response)))
        }
        Preflight::Refused(reason) => Answer::refused(
            Explained::of_pipeline(StatusCode::FORBIDDEN).with_detail(reason),
            None,
        ),
    })
}

/// Adds the headers to the answer.
pub(super) fn end(headers: &mut HeaderMap, record: &mut Record) {
    if let Some(policy) = &record.pipeline.cors
        && !matches!(record.subject, Subject::Management)
    {
        policy.add(headers, record.origin.take().map(|origin| *origin));
    }
}
