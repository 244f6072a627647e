//! Headers that every answer carries.

use http::header::{
    CONNECTION, HeaderMap, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderValue, Version};
use rustboot_observe::correlation::Correlation;

/// The header that carries the request id both ways.
pub(super) static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Safe defaults for an API (OWASP REST security): no sniffing, no framing, no paths to other sites. A handler that sets
/// one of them itself keeps its own.
const SECURITY: [(HeaderName, HeaderValue); 3] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
];

/// Adds them.
pub(super) fn add(
    headers: &mut HeaderMap,
    correlation: &Correlation,
    version: Version,
    closes: bool,
) {
    if let Some(id) = correlation.request_id()
        && let Ok(value) = HeaderValue::from_bytes(id.as_bytes())
    {
        headers.insert(&REQUEST_ID, value);
    }
    for (name, value) in SECURITY {
        headers.entry(name).or_insert(value);
    }
    // Asks clients to come back on another connection, which is then somebody else's. HTTP/2 has GOAWAY for that.
    if closes && version <= Version::HTTP_11 {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
}
