//! Which pages may open a WebSocket.
//!
//! A browser lets any page open a WebSocket to any host, sends the cookies of that host with the handshake, and asks nobody
//! (no CORS). A handler that knows its user by a cookie would then talk to whatever page the user has open: cross-site WebSocket
//! hijacking. What the browser does say is the page's origin, and a page cannot change that (RFC 6455, section 10.2).

use std::fmt;

use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, header};
use serde::{Deserialize, Deserializer};

/// An entry of `websocket.allowed_origins`: `https://shop.example`, `https://*.shop.example` for all hosts below, or `*` for any
/// page of anybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedOrigin(Pattern);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Pattern {
    Any,
    Exact(Origin),
    /// Of the host, what follows `*`: a dot and the rest.
    Below(Origin),
}

/// Scheme, host and port (RFC 6454, section 4), in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

impl Origin {
    fn parse(text: &str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        let is_scheme = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        if scheme.is_empty() || !scheme.bytes().all(is_scheme) {
            return None;
        }
        let (host, port) = host_and_port(authority)?;
        let port = port.or_else(|| default_port(&scheme));
        Some(Self { scheme, host, port })
    }
}

/// Of a `Host` header or an origin. Who has a user in there is up to something.
fn host_and_port(text: &str) -> Option<(String, Option<u16>)> {
    let authority: Authority = text.parse().ok()?;
    if text.contains('@') || authority.host().is_empty() {
        return None;
    }
    let port = authority.port_u16();
    if port.is_none() && authority.as_str().len() != authority.host().len() {
        return None;
    }
    Some((authority.host().to_ascii_lowercase(), port))
}

impl AllowedOrigin {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text == "*" {
            return Some(Self(Pattern::Any));
        }
        let Some((scheme, below)) = text.split_once("://*.") else {
            let origin = Origin::parse(text).filter(|origin| !origin.host.contains('*'));
            return origin.map(|origin| Self(Pattern::Exact(origin)));
        };
        let mut origin = Origin::parse(&format!("{scheme}://{below}"))?;
        if origin.host.contains('*') {
            return None;
        }
        origin.host.insert(0, '.');
        Some(Self(Pattern::Below(origin)))
    }

    fn allows(&self, origin: Option<&Origin>) -> bool {
        match (&self.0, origin) {
            (Pattern::Any, _) => true,
            (_, None) => false,
            (Pattern::Exact(allowed), Some(origin)) => allowed == origin,
            (Pattern::Below(allowed), Some(origin)) => {
                allowed.scheme == origin.scheme
                    && allowed.port == origin.port
                    && origin.host.len() > allowed.host.len()
                    && origin.host.ends_with(&allowed.host)
            }
        }
    }
}

impl fmt::Display for AllowedOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (origin, below) = match &self.0 {
            Pattern::Any => return f.write_str("*"),
            Pattern::Exact(origin) => (origin, ""),
            Pattern::Below(origin) => (origin, "*"),
        };
        write!(f, "{}://{below}{}", origin.scheme, origin.host)?;
        match origin
            .port
            .filter(|port| Some(*port) != default_port(&origin.scheme))
        {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

impl<'de> Deserialize<'de> for AllowedOrigin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = AllowedOrigin;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an origin such as https://shop.example, https://*.shop.example, or *")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<AllowedOrigin, E> {
                AllowedOrigin::parse(text)
                    .ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

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

    #[test]
    fn entries_are_read_strictly() {
        for wrong in [
            "",
            "shop.example",
            "https://",
            "https://*",
            "https://*.",
            "https://a/b",
            "https://u@a",
            "**",
            "https://a:x",
        ] {
            assert_eq!(AllowedOrigin::parse(wrong), None, "{wrong}");
        }
        for text in ["*", "https://shop.example", "https://*.shop.example:8443"] {
            assert_eq!(AllowedOrigin::parse(text).unwrap().to_string(), text);
        }
    }
}
