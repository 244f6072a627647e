//! Which pages may open a WebSocket.
//!
//! A browser lets any page open a WebSocket to any host, sends the cookies of that host with the handshake, and asks nobody
//! (no CORS). A handler that knows its user by a cookie would then talk to whatever page the user has open: cross-site WebSocket
//! hijacking. What the browser does say is the page's origin, and a page cannot change that (RFC 6455, section 10.2).

use http::request::Parts;
use http::{HeaderMap, header};

use crate::origin::{AllowedOrigin, Origin, default_port, host_and_port};

/// Whether the page that asks may: one of the same host, one that is allowed, or no page at all, which has no origin.
pub(super) fn is_allowed(parts: &Parts, allowed: &[AllowedOrigin]) -> bool {
    let mut values = parts.headers.get_all(header::ORIGIN).iter();
    let Some(value) = values.next() else {
        return true;
    };
    // `null`, of a page in a sandbox or from a file, is the same as none that can be read. So are two.
    let origin = match values.next() {
        None => value.to_str().ok().and_then(Origin::parse),
        Some(_) => None,
    };
    allowed
        .iter()
        .any(|allowed| allowed.allows(origin.as_ref()))
        || origin.is_some_and(|origin| is_same(&origin, parts))
}

/// Whether the page comes from the host that it asks. The scheme is not compared: behind a proxy that ends TLS we do not know it.
fn is_same(origin: &Origin, parts: &Parts) -> bool {
    let named = match parts.uri.authority() {
        Some(authority) => host_and_port(authority.as_str()),
        None => host(&parts.headers),
    };
    named.is_some_and(|(host, port)| {
        host == origin.host && port.or_else(|| default_port(&origin.scheme)) == origin.port
    })
}

fn host(headers: &HeaderMap) -> Option<(String, Option<u16>)> {
    host_and_port(headers.get(header::HOST)?.to_str().ok()?)
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn asks(host: &str, origins: &[&str], allowed: &[&str]) -> bool {
        let mut request = Request::get("/chat").header("host", host);
        for origin in origins {
            request = request.header("origin", *origin);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let allowed: Vec<_> = allowed
            .iter()
            .map(|text| AllowedOrigin::parse(text).unwrap())
            .collect();
        is_allowed(&parts, &allowed)
    }

    #[test]
    fn pages_of_the_same_host_and_programs_may() {
        for (host, origin) in [
            ("shop.example", "https://shop.example"),
            ("shop.example", "http://shop.example"),
            ("Shop.Example", "https://shop.EXAMPLE"),
            ("shop.example:443", "https://shop.example"),
            ("shop.example:8443", "https://shop.example:8443"),
            ("127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("[::1]:8080", "http://[::1]:8080"),
        ] {
            assert!(asks(host, &[origin], &[]), "{host} {origin}");
        }
        assert!(asks("shop.example", &[], &[]), "no browser");
    }

    #[test]
    fn pages_of_others_may_not() {
        for (host, origins) in [
            ("shop.example", &["https://evil.example"][..]),
            ("shop.example", &["https://shop.example.evil.example"]),
            ("shop.example", &["https://evilshop.example"]),
            ("shop.example", &["https://api.shop.example"]),
            ("shop.example", &["https://shop.example:8443"]),
            ("shop.example:8443", &["https://shop.example"]),
            ("shop.example", &["https://shop.example@evil.example"]),
            ("shop.example", &["null"]),
            ("shop.example", &[""]),
            ("shop.example", &["shop.example"]),
            (
                "shop.example",
                &["https://shop.example", "https://evil.example"],
            ),
            ("", &["https://shop.example"]),
        ] {
            assert!(!asks(host, origins, &[]), "{host} {origins:?}");
        }
    }

    #[test]
    fn pages_that_are_allowed_may() {
        let allowed = [
            "https://app.example",
            "https://*.shop.example",
            "http://localhost:3000",
        ];
        for (origin, may) in [
            ("https://app.example", true),
            ("https://app.example:443", true),
            ("http://app.example", false),
            ("https://a.shop.example", true),
            ("https://a.b.shop.example", true),
            ("https://shop.example", false),
            ("https://evilshop.example", false),
            ("https://.shop.example", false),
            ("http://localhost:3000", true),
            ("http://localhost:3001", false),
            ("null", false),
        ] {
            assert_eq!(asks("api.example", &[origin], &allowed), may, "{origin}");
        }
        assert!(asks("api.example", &["null"], &["*"]));
        assert!(asks("api.example", &["https://evil.example"], &["*"]));
    }
}
