//! What is read from, and done to, a request before a handler sees it.

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version, header};
use http_body::Body as _;
use http_body_util::Limited;
use hyper::body::Incoming;
use rustboot_observe::correlation::{Correlation, RequestId, SpanId, TraceId};

use super::answer::Answer;
use super::headers::REQUEST_ID;
use super::ids;
use super::incoming::Compact;
use crate::problem::Explained;

/// Parsed once, by the compiler: a look-up by text parses the name anew each time.
static TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The headers that the pipeline itself reads, found in one pass: a look-up of each costs several times that, most of it
/// for names that are not there.
#[derive(Debug, Default)]
pub(super) struct Known<'a> {
    request_id: Option<&'a HeaderValue>,
    traceparent: Option<&'a HeaderValue>,
    pub(super) user_agent: Option<&'a HeaderValue>,
    hosts: usize,
}

impl<'a> Known<'a> {
    pub(super) fn among(headers: &'a HeaderMap) -> Self {
        let mut known = Self::default();
        for (name, value) in headers {
            let place = match *name {
                header::HOST => {
                    known.hosts += 1;
                    continue;
                }
                header::USER_AGENT => &mut known.user_agent,
                _ if *name == REQUEST_ID => &mut known.request_id,
                _ if *name == TRACEPARENT => &mut known.traceparent,
                _ => continue,
            };
            // Of several, the first.
            place.get_or_insert(value);
        }
        known
    }

    /// Whether a head is one that is answered with an error, whatever it asks for. `received` is how much was read since the request
    /// before it: adding up the head itself would cost each request a hundred instructions.
    #[inline]
    pub(super) fn refuses(
        &self,
        request: &hyper::Request<Incoming>,
        received: usize,
        limit: usize,
    ) -> bool {
        self.hosts != 1 && (self.hosts > 1 || request.version() == Version::HTTP_11)
            || received > limit && size(request) > limit
    }

    /// The answer to such a head.
    #[cold]
    pub(super) fn refusal(&self, version: Version, limit: usize) -> Answer {
        // RFC 9112, section 3.2; RFC 6585, section 5.
        let (status, detail) = match self.hosts {
            0 if version == Version::HTTP_11 => (
                StatusCode::BAD_REQUEST,
                "the request has no header Host, which HTTP/1.1 demands".to_owned(),
            ),
            2.. => (
                StatusCode::BAD_REQUEST,
                "the request has more than one header Host".to_owned(),
            ),
            _ => (
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                format!("the head of the request is larger than {limit} bytes"),
            ),
        };
        Answer::refused(Explained::of_pipeline(status).with_detail(detail), None)
    }

    /// The ids of a request: the client's where they are well-formed. And the header that says the first.
    pub(super) fn correlation(&self) -> (Correlation, HeaderValue) {
        let given = self.request_id.and_then(|value| {
            let id = RequestId::accept(value.to_str().ok()?)?;
            Some((id, value.clone()))
        });
        let (id, header) = given.unwrap_or_else(ids::generate);
        let correlation = Correlation::new(id);
        let trace = self
            .traceparent
            .and_then(|value| traceparent(value.to_str().ok()?));
        let correlation = match trace {
            Some((trace, span)) => correlation.with_trace(trace, span),
            None => correlation,
        };
        (correlation, header)
    }
}

/// What a head takes on the wire, in bytes.
#[cold]
fn size(request: &hyper::Request<Incoming>) -> usize {
    let target = request.uri().path_and_query();
    let target = target.map_or(0, |target| target.as_str().len());
    // With the colon, the space and the end of the line.
    let fields = request.headers().iter();
    let fields = fields.map(|(name, value)| name.as_str().len() + value.len() + 4);
    target + fields.sum::<usize>()
}

/// The headers that an endpoint reads. Of several with a name, the first.
pub(super) fn read(names: &[&'static str], headers: &HeaderMap) -> Vec<(&'static str, String)> {
    let of = |name: &&'static str| Some((*name, headers.get(*name)?.to_str().ok()?.to_owned()));
    names.iter().filter_map(of).collect()
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
pub(crate) fn prepare(request: hyper::Request<Incoming>, limit: u64) -> Request {
    let (parts, body) = request.into_parts();
    if body.is_end_stream() {
        return Request::from_parts(parts, Body::empty());
    }
    let declared = body.size_hint().exact();
    let body = match declared {
        // The pipeline has compared the declared length, and hyper does not deliver more than that.
        Some(_) => Body::new(Compact::new(body)),
        None => Body::new(Limited::new(
            Compact::new(body),
            usize::try_from(limit).unwrap_or(usize::MAX),
        )),
    };
    let mut request = Request::from_parts(parts, body);
    // axum's extractors have a limit of their own, which would beat a larger `server.body_limit`. Taking it away costs two
    // allocations, so it is left where it does nothing. But one around ours would hide from axum's `Multipart` why it failed.
    let is_measured_twice = cfg!(feature = "multipart") && declared.is_none();
    if is_measured_twice || declared.unwrap_or(limit) > LIMIT_OF_AXUM {
        DefaultBodyLimit::disable().apply(&mut request);
    }
    request
}

/// In bytes.
const LIMIT_OF_AXUM: u64 = 2_097_152;

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
