//! The last steps before an answer goes out.

use std::sync::atomic::Ordering;

use axum::response::Response as AxumResponse;
use http::{HeaderMap, Response, StatusCode};
use http_body::Body as _;

use super::future::{Outcome, Refusal};
use super::record::{Record, Subject};
use super::{PipelineBody, headers, streaming};
use crate::problem::{Asked, Explained, explain_response, problem_response};

/// From what was decided to what goes out: errors become problems, streams are counted, headers are added.
pub(super) fn complete(outcome: Outcome, mut record: Box<Record>) -> Response<PipelineBody> {
    let pipeline = std::sync::Arc::clone(&record.pipeline);
    let response = match outcome {
        Outcome::Response(mut response) => {
            // Explaining logs, and the log wants the request id.
            let entered = record.correlation.enter();
            let explained = explain_response(&mut response, &pipeline.app);
            drop(entered);
            match explained {
                None => response,
                Some(explained) => {
                    let headers = std::mem::take(response.headers_mut());
                    problem(&explained, headers, &mut record)
                }
            }
        }
        Outcome::Refused(refusal) => {
            let Refusal { explained, header } = *refusal;
            let mut headers = HeaderMap::new();
            headers.extend(header);
            problem(&explained, headers, &mut record)
        }
    };

    let length = response.body().size_hint().exact();
    let response = match length {
        Some(_) if response.status() != StatusCode::SWITCHING_PROTOCOLS => response,
        _ => streaming::begin(response, &mut record),
    };

    let (mut parts, body) = response.into_parts();
    record.status = Some(parts.status);
    let is_upgrade = record.streaming.is_upgrade();
    let draining = pipeline.draining.load(Ordering::Relaxed);
    headers::add(
        &mut parts.headers,
        &record.correlation,
        record.version,
        draining && !is_upgrade,
    );
    let body = match is_upgrade {
        true => {
            streaming::upgrade(record);
            PipelineBody::empty()
        }
        false => PipelineBody::new(body, length, record),
    };
    Response::from_parts(parts, body)
}

/// The response for a problem, in the shape of the application.
#[cold]
pub(super) fn problem(
    explained: &Explained,
    headers: HeaderMap,
    record: &mut Record,
) -> AxumResponse {
    let id = record.correlation.request_id().cloned();
    // The shape is the application's code, and may log.
    let _entered = record.correlation.enter();
    let asked = Asked {
        method: &record.method,
        path: record.uri.path(),
        request_id: id.as_ref().map_or("", |id| id.as_str()),
        has_route: !matches!(
            record.subject,
            Subject::Unmatched | Subject::UnmatchedUnwritten
        ),
    };
    problem_response(explained, headers, &asked, &*record.pipeline.error_body)
}
