//! Answers that are compressed, where `[server.compression]` wants that: [`compression`](crate::compression).

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use hyper::body::Incoming;

use super::answer_body::AnswerBody;
use super::gzipped::Gzipped;
use super::record::Record;
use super::streaming;
use crate::compression::Policy;
use crate::route::limits::declared_length;

/// Notes for the end what the client takes: the head of the request will be gone by then.
pub(super) fn begin(policy: &Policy, request: &Request<Incoming>, record: &mut Record) {
    record.coding = Some(policy.coding(request.version(), request.headers()));
}

/// Looks at an answer that is complete, and puts its body into one that compresses it, when that is to be. `length` is what
/// the body says of itself, before and after.
#[inline]
pub(super) fn end(
    status: StatusCode,
    headers: &mut HeaderMap,
    body: AnswerBody,
    length: Option<u64>,
    record: &mut Record,
) -> (AnswerBody, Option<u64>) {
    match record.coding {
        None => (body, length),
        Some(_) => compressed(status, headers, body, length, record),
    }
}

fn compressed(
    status: StatusCode,
    headers: &mut HeaderMap,
    mut body: AnswerBody,
    length: Option<u64>,
    record: &mut Record,
) -> (AnswerBody, Option<u64>) {
    let (Some(coding), Some(policy)) = (record.coding, &record.pipeline.compression) else {
        return (body, length);
    };
    let is_head = record.method == Method::HEAD;
    let size = match length {
        // axum takes the body away, and leaves its length if that is known. Where it is not, nothing is said of a coding:
        // `HEAD` may keep to itself what only the body would show.
        Some(0) if is_head => declared_length(headers).or(length),
        Some(length) => Some(length),
        None => declared_length(headers),
    };
    if !policy.apply(coding, status, size, headers) {
        return (body, length);
    }
    if is_head {
        // The headers are those of a `GET`. A length would be that of the plain bytes, so there must be nothing to measure.
        if let AnswerBody::Any(body) = &mut body {
            streaming::end(body, &mut record.correlation);
        }
        return (AnswerBody::Whole(Bytes::new()), Some(0));
    }
    (AnswerBody::Any(Body::new(Gzipped::new(body))), None)
}
