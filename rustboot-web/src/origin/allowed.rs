//! An entry in a list of origins whose pages may do something.

use std::fmt;

use http::uri::Authority;
use serde::{Deserialize, Deserializer};

/// An origin, or a pattern of origins, in the configuration. Compared are scheme, host and port, without regard to case; a port
/// that is the default of its scheme may be left out.
///
/// | entry | stands for |
/// |---|---|
/// | `https://shop.example`, `http://localhost:3000` | this origin |
/// | `https://*.shop.example` | every host below, at any depth; not `shop.example` itself |
/// | `http://localhost:[3000,3001]`, `http://localhost:[*]` | this host with one of these ports, or with any |
/// | `*` | every origin, and pages that have none (`null`: from a file, or in a sandbox) |
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedOrigin(Pattern);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Pattern {
    Any,
    Hosts {
        scheme: String,
        /// With a dot in front: every host that ends with it.
        host: String,
        ports: Ports,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Ports {
    Any,
    One(Option<u16>),
    Among(Vec<u16>),
}

/// Scheme, host and port (RFC 6454, section 4), in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) scheme: String,
    pub(crate) host: String,
    /// That of the scheme when the page did not name one.
    pub(crate) port: Option<u16>,
}

pub(crate) fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

impl Origin {
    pub(crate) fn parse(text: &str) -> Option<Self> {
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
pub(crate) fn host_and_port(text: &str) -> Option<(String, Option<u16>)> {
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
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text == "*" {
            return Some(Self(Pattern::Any));
        }
        // As Spring writes it; an address of IPv6 has its bracket behind a slash.
        let ports = text
            .strip_suffix(']')
            .and_then(|text| text.rsplit_once(":["));
        let (text, ports) = match ports {
            Some((front, list)) => (front, Some(Ports::parse(list)?)),
            None => (text, None),
        };
        let below = text.split_once("://*.");
        let origin = match below {
            Some((scheme, below)) => Origin::parse(&format!("{scheme}://{below}")),
            None => Origin::parse(text),
        };
        let mut origin = origin.filter(|origin| !origin.host.contains('*'))?;
        if ports.is_some() && origin.port != default_port(&origin.scheme) {
            return None;
        }
        if below.is_some() {
            origin.host.insert(0, '.');
        }
        Some(Self(Pattern::Hosts {
            scheme: origin.scheme,
            host: origin.host,
            ports: ports.unwrap_or(Ports::One(origin.port)),
        }))
    }

    /// Whether that are all origins there are.
    pub(crate) fn is_any(&self) -> bool {
        self.0 == Pattern::Any
    }

    /// Whether that is a single origin.
    pub(crate) fn is_one(&self) -> bool {
        match &self.0 {
            Pattern::Any => false,
            Pattern::Hosts { host, ports, .. } => {
                !host.starts_with('.') && matches!(ports, Ports::One(_))
            }
        }
    }

    /// `None` is the origin of a page that has none.
    pub(crate) fn allows(&self, origin: Option<&Origin>) -> bool {
        match (&self.0, origin) {
            (Pattern::Any, _) => true,
            (_, None) => false,
            (
                Pattern::Hosts {
                    scheme,
                    host,
                    ports,
                },
                Some(origin),
            ) => {
                *scheme == origin.scheme
                    && ports.has(origin.port)
                    && match host.strip_prefix('.') {
                        None => *host == origin.host,
                        Some(_) => {
                            origin.host.len() > host.len() && origin.host.ends_with(host.as_str())
                        }
                    }
            }
        }
    }
}

impl Ports {
    /// What stands between the brackets.
    fn parse(list: &str) -> Option<Self> {
        if list.trim() == "*" {
            return Some(Self::Any);
        }
        let ports = list.split(',').map(|port| port.trim().parse().ok());
        ports.collect::<Option<_>>().map(Self::Among)
    }

    fn has(&self, port: Option<u16>) -> bool {
        match self {
            Self::Any => true,
            Self::One(one) => *one == port,
            Self::Among(ports) => port.is_some_and(|port| ports.contains(&port)),
        }
    }
}

impl fmt::Display for AllowedOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Pattern::Hosts {
            scheme,
            host,
            ports,
        } = &self.0
        else {
            return f.write_str("*");
        };
        let below = if host.starts_with('.') { "*" } else { "" };
        write!(f, "{scheme}://{below}{host}")?;
        match ports {
            Ports::Any => f.write_str(":[*]"),
            Ports::One(Some(port)) if Some(*port) != default_port(scheme) => write!(f, ":{port}"),
            Ports::One(_) => Ok(()),
            Ports::Among(ports) => {
                let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
                write!(f, ":[{}]", ports.join(","))
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(entry: &str, origin: &str) -> bool {
        let origin = Origin::parse(origin);
        AllowedOrigin::parse(entry).unwrap().allows(origin.as_ref())
    }

    #[test]
    fn entries_are_read_strictly() {
        for wrong in [
            "",
            "shop.example",
            "null",
            "https://",
            "https://*",
            "https://*.",
            "https://*shop.example",
            "https://a.*.example",
            "https://a/b",
            "https://a/",
            "https://u@a",
            "**",
            "https://a:x",
            "https://a:[]",
            "https://a:[80,x]",
            "https://a:8080:[*]",
            "https://[*]",
        ] {
            assert_eq!(AllowedOrigin::parse(wrong), None, "{wrong}");
        }
        for text in [
            "*",
            "https://shop.example",
            "https://*.shop.example:8443",
            "http://localhost:[*]",
            "http://[::1]:[3000,3001]",
            "http://[::1]:3000",
            "capacitor://localhost",
        ] {
            let entry = AllowedOrigin::parse(text).unwrap();
            assert_eq!(entry.to_string(), text);
            assert_eq!(entry.is_one(), !text.contains('*') && !text.contains(','));
        }
        let entry = AllowedOrigin::parse("HTTPS://Shop.Example:443").unwrap();
        assert_eq!(entry.to_string(), "https://shop.example");
    }

    #[test]
    fn ports_may_be_a_list_or_any() {
        for (entry, origin, may) in [
            ("http://localhost:[*]", "http://localhost:3000", true),
            ("http://localhost:[*]", "http://localhost", true),
            ("http://localhost:[*]", "https://localhost:3000", false),
            ("http://localhost:[*]", "http://localhost.evil:3000", false),
            ("http://localhost:[80,3000]", "http://localhost", true),
            ("http://localhost:[80,3000]", "http://localhost:3000", true),
            ("http://localhost:[80,3000]", "http://localhost:3001", false),
            ("https://*.a.example:[*]", "https://b.a.example:1", true),
            ("https://*.a.example:[*]", "https://a.example:1", false),
            ("http://[::1]:[*]", "http://[::1]:3000", true),
        ] {
            assert_eq!(allows(entry, origin), may, "{entry} {origin}");
        }
    }
}
