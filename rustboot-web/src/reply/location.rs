//! Where something is.

use axum::response::{IntoResponse, IntoResponseParts, Response, ResponseParts};
use http::{HeaderValue, header};
use rustboot_core::Error;

/// The `Location` of what was made, or of where to go on: a header, and in the OpenAPI document.
///
/// ```
/// # use rustboot_web::{Location, Status};
/// # use axum::Json;
/// async fn add() -> Status<201, (Location, Json<u64>)> {
///     Status((Location::to("/books/7"), Json(7)))
/// }
///
/// async fn moved() -> Status<302, Location> {
///     Status(Location::to("https://example.com/"))
/// }
/// ```
///
/// Characters that a URI cannot have are percent-encoded, as browsers do it: line breaks, spaces, `<`, everything beyond
/// ASCII. What is encoded already stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Location(String);

impl Location {
    /// An absolute URL, or one relative to the request's, such as `/books/7`.
    pub fn to(url: impl AsRef<str>) -> Self {
        Self(encoded(url.as_ref()))
    }
}

/// A URI reference (RFC 3986, appendix A) of what is meant to be one.
fn encoded(url: &str) -> String {
    let mut uri = String::with_capacity(url.len());
    let begins = match url.find("//") {
        Some(at) if at == 0 || url[..at].strip_suffix(':').is_some_and(is_scheme) => at + 2,
        _ => 0,
    };
    let authority_ends = match begins {
        0 => 0,
        begins => url[begins..]
            .find(['/', '?', '#'])
            .map_or(url.len(), |length| begins + length),
    };
    let mut has_fragment = false;
    for (at, byte) in url.bytes().enumerate() {
        let is_allowed = match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => true,
            b'%' => {
                let code = url.as_bytes().get(at + 1..at + 3);
                code.is_some_and(|code| code.iter().all(u8::is_ascii_hexdigit))
            }
            // An address of IPv6.
            b'[' | b']' => at < authority_ends,
            b'#' => !std::mem::replace(&mut has_fragment, true),
            _ => b"-._~:/?@!$&'()*+,;=".contains(&byte),
        };
        if is_allowed {
            uri.push(char::from(byte));
        } else {
            uri.push_str(percent_encoding::percent_encode_byte(byte));
        }
    }
    uri
}

/// RFC 3986, section 3.1.
fn is_scheme(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

impl IntoResponseParts for Location {
    type Error = Error;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Error> {
        let value = HeaderValue::try_from(self.0)?;
        parts.headers_mut().insert(header::LOCATION, value);
        Ok(parts)
    }
}

impl IntoResponse for Location {
    fn into_response(self) -> Response {
        (self, ()).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply::Status;

    #[test]
    fn it_is_a_header_with_the_status_of_the_type() {
        let answer = Status::<302, _>(Location::to("/a%20b")).into_response();
        assert_eq!(answer.status(), 302);
        assert_eq!(answer.headers()["location"], "/a%20b");
        let answer = Status::<201, _>((Location::to("/a\r\nset-cookie: x"), "body"));
        let answer = answer.into_response();
        assert_eq!(answer.status(), 201);
        assert_eq!(answer.headers()["location"], "/a%0D%0Aset-cookie:%20x");
        assert!(!answer.headers().contains_key("set-cookie"));
    }

    #[test]
    fn what_no_uri_can_have_is_encoded_and_the_rest_stays() {
        for url in [
            "",
            "/",
            "a/b;c=d?e=f&g=%C3%BC#h",
            "//host/path",
            "https://[::1]:8080/x?y#z",
            "mailto:a@b.example",
        ] {
            assert_eq!(encoded(url), url);
        }
        for (url, uri) in [
            ("/ü b", "/%C3%BC%20b"),
            ("/100%", "/100%25"),
            ("/%zz%4", "/%25zz%254"),
            ("/a[b]", "/a%5Bb%5D"),
            (
                "https://h/<\"\\^`{|}>",
                "https://h/%3C%22%5C%5E%60%7B%7C%7D%3E",
            ),
            ("/a#b#c", "/a#b%23c"),
            ("/a?u=http://[x]", "/a?u=http://%5Bx%5D"),
        ] {
            assert_eq!(encoded(url), uri);
        }
    }
}
