//! What the configuration says, in the form in which a request and its answer ask for it.

use http::header::{
    ACCEPT_ENCODING, ACCEPT_RANGES, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE,
    CONTENT_TYPE, ETAG,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version};

use super::never::is_never_compressed;
use super::{CompressionConfig, MediaRange};
use crate::negotiation::{Coding, add_vary, preferred};

/// See the module.
#[derive(Debug)]
pub(crate) struct Policy {
    /// In bytes.
    min_size: u64,
    types: Vec<MediaRange>,
}

/// Checksums of the bytes that somebody has made already: RFC 9530, and what came before it.
const DIGESTS: [HeaderName; 4] = [
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("repr-digest"),
    HeaderName::from_static("digest"),
    HeaderName::from_static("content-md5"),
];

impl Policy {
    /// `None` when nothing is to be compressed.
    pub(crate) fn new(config: &CompressionConfig) -> Option<Self> {
        config.enabled.then(|| Self {
            min_size: config.min_response_size.as_u64(),
            types: config.content_types.clone(),
        })
    }

    /// What the client of a request gets, where there is a choice. HTTP/1.0 knows no body whose length is not known but one that
    /// ends with the connection: that costs a connection, and looks the same when it breaks off.
    pub(crate) fn coding(&self, version: Version, headers: &HeaderMap) -> Coding {
        if version <= Version::HTTP_10 {
            return Coding::Identity;
        }
        let accepted = headers.get_all(ACCEPT_ENCODING).iter();
        preferred(accepted.filter_map(|value| value.to_str().ok()))
    }

    /// Whether the body of an answer is to be compressed for a client of `coding`. The headers say so then, and in any case that
    /// it depends on the client. `size` is that of the body, in bytes, where it is known.
    pub(crate) fn apply(
        &self,
        coding: Coding,
        status: StatusCode,
        size: Option<u64>,
        headers: &mut HeaderMap,
    ) -> bool {
        if !self.has_type_of(status, headers) || is_final(headers) {
            return false;
        }
        add_vary(headers, "accept-encoding");
        if coding == Coding::Identity {
            return false;
        }
        if status == StatusCode::NOT_MODIFIED {
            // With the tag that the answer itself would have.
            weaken_tag(headers);
            return false;
        }
        let has_all = status.as_u16() >= 200
            && !matches!(
                status,
                StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::PARTIAL_CONTENT
            )
            && !headers.contains_key(CONTENT_RANGE);
        let is_long = size.is_none_or(|size| size > 0 && size >= self.min_size);
        if !has_all || !is_long {
            return false;
        }
        headers.insert(CONTENT_ENCODING, const { HeaderValue::from_static("gzip") });
        // How long it will be nobody knows; and parts of it cannot be had, since they would be parts of another.
        headers.remove(CONTENT_LENGTH);
        headers.remove(ACCEPT_RANGES);
        weaken_tag(headers);
        true
    }

    /// Whether an answer is of a type that is compressed. A 304 most often does not say of which type that is which it speaks of.
    fn has_type_of(&self, status: StatusCode, headers: &HeaderMap) -> bool {
        let Some(value) = headers.get(CONTENT_TYPE) else {
            return status == StatusCode::NOT_MODIFIED && headers.contains_key(ETAG);
        };
        let essence = value
            .to_str()
            .ok()
            .and_then(|value| value.split(';').next());
        let Some((main, sub)) = essence.and_then(|essence| essence.trim().split_once('/')) else {
            return false;
        };
        !is_never_compressed(main, sub) && self.types.iter().any(|range| range.has(main, sub))
    }
}

/// Whether somebody wants the bytes of the body to stay what they are: they have a coding already (of the handler, or of a
/// layer), a checksum, or it is said in so many words (RFC 9111, section 5.2.2.6).
fn is_final(headers: &HeaderMap) -> bool {
    let is_coded = headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"));
    let is_said = headers
        .get_all(CACHE_CONTROL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|directive| directive.trim().eq_ignore_ascii_case("no-transform"));
    is_coded || is_said || DIGESTS.iter().any(|name| headers.contains_key(name))
}

/// The tag of a handler is of the plain bytes, so that it can be none of these bytes; but it is one of what they say
/// (RFC 9110, section 8.8.1).
fn weaken_tag(headers: &mut HeaderMap) {
    let Some(tag) = headers.get_mut(ETAG) else {
        return;
    };
    if tag.as_bytes().starts_with(b"\"")
        && let Ok(weak) = HeaderValue::from_bytes(&[b"W/", tag.as_bytes()].concat())
    {
        *tag = weak;
    }
}
