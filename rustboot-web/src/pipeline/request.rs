//! What is read from, and done to, a request before a handler sees it.

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request};
use http::{HeaderMap, HeaderName};
use http_body::Body as _;
use http_body_util::Limited;
use hyper::body::Incoming;
use rustboot_observe::correlation::{Correlation, RequestId, SpanId, TraceId};

use super::headers::REQUEST_ID;
use super::incoming::Compact;

/// Parsed once, by the compiler: a look-up by text parses the name anew each time.
static TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The ids of a request: the client's where they are well-formed.
pub(super) fn correlation(headers: &HeaderMap) -> Correlation {
    let given = headers
        .get(&REQUEST_ID)
        .and_then(|value| RequestId::accept(value.to_str().ok()?));
    let correlation = Correlation::new(given.unwrap_or_else(RequestId::generate));
    match headers
        .get(&TRACEPARENT)
        .and_then(|value| traceparent(value.to_str().ok()?))
    {
        Some((trace, span)) => correlation.with_trace(trace, span),
        None => correlation,
    }
}

/// W3C Trace Context, section 3.2: `version-traceid-parentid-flags`. A later version may have more after the flags.
fn traceparent(value: &str) -> Option<(TraceId, SpanId)> {
    let mut parts = value.trim().split('-');
    let version = parts.next()?;
    let trace = TraceId::parse(parts.next()?)?;
    let span = SpanId::parse(parts.next()?)?;
    let flags = parts.next()?;
    let is_hex = |text: &str| {
        text.len() == 2
            && text
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    let well_formed = is_hex(version)
        && is_hex(flags)
        && version != "ff"
        && (version != "00" || parts.next().is_none());
    well_formed.then_some((trace, span))
}

/// The request as axum's extractors want it. A request without a body costs no allocation here.
pub(super) fn prepare(request: hyper::Request<Incoming>, limit: u64) -> Request {
    let (parts, body) = request.into_parts();
    if body.is_end_stream() {
        return Request::from_parts(parts, Body::empty());
    }
    let known = body.size_hint().exact().is_some();
    let body = if known {
        // The pipeline has compared the declared length, and hyper does not deliver more than that.
        Body::new(Compact::new(body))
    } else {
        Body::new(Limited::new(
            Compact::new(body),
            usize::try_from(limit).unwrap_or(usize::MAX),
        ))
    };
    let mut request = Request::from_parts(parts, body);
    // axum's extractors have a limit of 2 MB of their own, which would beat a larger `server.body_limit`.
    DefaultBodyLimit::disable().apply(&mut request);
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_well_formed_traceparent_counts() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert!(traceparent(good).is_some());
        assert!(
            traceparent("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-later").is_some()
        );
        for wrong in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-extra",
        ] {
            assert!(traceparent(wrong).is_none(), "{wrong}");
        }
    }
}
