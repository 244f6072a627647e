//! Headers that were put together once, for the responses that differ in nothing but the request id and the body.

use std::sync::LazyLock;

use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};

use super::headers::{self, REQUEST_ID};

/// Those of plain text.
pub(crate) static TEXT: LazyLock<HeaderMap> = LazyLock::new(|| of("text/plain; charset=utf-8"));
/// Those of HTML.
pub(crate) static HTML: LazyLock<HeaderMap> = LazyLock::new(|| of("text/html; charset=utf-8"));
/// Those of JSON.
pub(crate) static JSON: LazyLock<HeaderMap> = LazyLock::new(|| of("application/json"));

/// What a handler answers.
#[derive(Debug)]
pub enum Answered {
    /// 200, with a copy of one of the maps above and a body that is all there. The copy is made where it stays: a response is large,
    /// and moved several times on its way there.
    Prepared(&'static HeaderMap, Bytes),
    /// Anything else.
    Response(Response),
}

impl Answered {
    /// As everybody but the pipeline knows it.
    pub(crate) fn into_response(self) -> Response {
        match self {
            Self::Response(response) => response,
            Self::Prepared(headers, body) => {
                let mut response = Response::new(body.into());
                *response.headers_mut() = headers.clone();
                response
            }
        }
    }
}

/// Stands where the id of the request will be. No other value shares its memory: that is how it is known again.
static PENDING: [u8; 1] = *b"-";

fn of(content_type: &'static str) -> HeaderMap {
    let pending = std::str::from_utf8(&PENDING).unwrap_or_default();
    let mut headers = HeaderMap::new();
    // The first, to be found without a look-up.
    headers.insert(&REQUEST_ID, HeaderValue::from_static(pending));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers::add_missing(&mut headers, HeaderValue::from_static(pending));
    headers
}

/// Where the id of the request goes, if these headers are a copy of one of the maps above.
#[inline]
pub(super) fn place_of_id(headers: &mut HeaderMap) -> Option<&mut HeaderValue> {
    headers
        .values_mut()
        .next()
        .filter(|value| std::ptr::eq(value.as_bytes(), &PENDING))
}

/// Makes headers that consist of a `content-type` alone, as those of most responses, into a copy with that `content-type`.
#[inline]
pub(super) fn extend(headers: &mut HeaderMap) {
    let mut values = headers.iter_mut();
    let own = match (values.next(), values.next()) {
        (Some((name, own)), None) if *name == header::CONTENT_TYPE => own,
        _ => return,
    };
    let mut prepared = TEXT.clone();
    if let Some(content_type) = prepared.values_mut().nth(1) {
        std::mem::swap(content_type, own);
        *headers = prepared;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_known_by_its_first_value_and_by_nothing_else() {
        let mut copy = JSON.clone();
        assert!(place_of_id(&mut copy).is_some());
        let mut lookalike = HeaderMap::new();
        lookalike.insert(&REQUEST_ID, HeaderValue::from_static("-"));
        assert!(place_of_id(&mut lookalike).is_none());
        assert!(place_of_id(&mut HeaderMap::new()).is_none());
    }

    #[test]
    fn a_content_type_alone_is_extended_and_anything_else_is_left() {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("image/png"));
        extend(&mut headers);
        assert_eq!(headers[header::CONTENT_TYPE], "image/png");
        assert_eq!(headers.len(), JSON.len());
        assert!(place_of_id(&mut headers).is_some());

        for (name, value) in [
            (header::LOCATION, "/there"),
            (header::X_FRAME_OPTIONS, "SAMEORIGIN"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(&name, HeaderValue::from_static(value));
            extend(&mut headers);
            assert_eq!(headers.len(), 1);
            headers.append(header::CONTENT_TYPE, HeaderValue::from_static("image/png"));
            extend(&mut headers);
            assert_eq!(headers.len(), 2);
        }
    }
}
