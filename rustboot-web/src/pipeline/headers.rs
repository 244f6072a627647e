//! Headers that every answer carries.

use http::header::{
    CONNECTION, HeaderMap, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderValue, Version};

use super::prepared;

/// The header that carries the request id both ways.
pub(super) static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Adds them.
pub(super) fn add(
    headers: &mut HeaderMap,
    request_id: HeaderValue,
    version: Version,
    closes: bool,
) {
    prepared::extend(headers);
    match prepared::place_of_id(headers) {
        Some(place) => *place = request_id,
        None => add_missing(headers, request_id),
    }
    // Asks clients to come back on another connection, which is then somebody else's. HTTP/2 has GOAWAY for that.
    if closes && version <= Version::HTTP_11 {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
}

/// The id, and safe defaults for an API (OWASP REST security): no sniffing, no framing, no paths to other sites. A handler that
/// sets one of those itself keeps its own.
pub(super) fn add_missing(headers: &mut HeaderMap, request_id: HeaderValue) {
    // One look at the few that are there, instead of one for each that is to come.
    let [mut id, mut sniffing, mut framing, mut referrer] = [true; 4];
    for name in headers.keys() {
        match *name {
            X_CONTENT_TYPE_OPTIONS => sniffing = false,
            X_FRAME_OPTIONS => framing = false,
            REFERRER_POLICY => referrer = false,
            _ if *name == REQUEST_ID => id = false,
            _ => {}
        }
    }
    // `append` is the cheaper one for what is known to be missing.
    if id {
        headers.append(&REQUEST_ID, request_id);
    } else {
        headers.insert(&REQUEST_ID, request_id);
    }
    if sniffing {
        headers.append(
            X_CONTENT_TYPE_OPTIONS,
            const { HeaderValue::from_static("nosniff") },
        );
    }
    if framing {
        headers.append(X_FRAME_OPTIONS, const { HeaderValue::from_static("DENY") });
    }
    if referrer {
        headers.append(
            REFERRER_POLICY,
            const { HeaderValue::from_static("no-referrer") },
        );
    }
}
