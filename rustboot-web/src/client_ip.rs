//! Who is calling: the peer, or what a trusted proxy says about it.
//!
//! `X-Forwarded-For` grows from the left, and everything left of what a proxy of ours added is the client's own claim. So
//! the address is the right-most one that is not itself a trusted proxy.

use std::cell::Cell;
use std::fmt;
use std::net::IpAddr;

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::request::Parts;
use rustboot_core::{Error, ErrorKind};
use serde::{Deserialize, Deserializer};

/// A network in CIDR notation: `10.0.0.0/8`, `::1`, `192.168.1.7`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.trim().split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u8>().ok()?)),
            None => (text.trim(), None),
        };
        let address: IpAddr = address.parse().ok()?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(longest);
        (bits <= longest).then_some(Self { address, bits })
    }

    fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.bits)).unwrap_or(0);
                u32::from(network) & mask == u32::from(address) & mask
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let mask = u128::MAX
                    .checked_shl(128 - u32::from(self.bits))
                    .unwrap_or(0);
                u128::from(network) & mask == u128::from(address) & mask
            }
            _ => false,
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Network;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a network such as 10.0.0.0/8 or an address")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Network, E> {
                Network::parse(text)
                    .ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

/// The address of the client behind `peer`.
pub(crate) fn resolve(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    if trusted.is_empty() || !is_trusted(peer) {
        return peer;
    }
    let mut client = peer;
    for value in headers.get_all("x-forwarded-for").iter().rev() {
        let Ok(value) = value.to_str() else {
            return client;
        };
        for hop in value.rsplit(',') {
            // What cannot be read was not written by a proxy of ours.
            let Some(address) = address_of(hop) else {
                return client;
            };
            client = address;
            if !is_trusted(address) {
                return client;
            }
        }
    }
    client
}

/// An address, with or without a port: proxies write both.
fn address_of(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    text.parse()
        .ok()
        .or_else(|| {
            text.parse::<std::net::SocketAddr>()
                .ok()
                .map(|address| address.ip())
        })
        .or_else(|| text.strip_prefix('[')?.strip_suffix(']')?.parse().ok())
        .map(|address: IpAddr| address.to_canonical())
}

thread_local! {
    /// Set around each poll of a request by the pipeline; an entry in the request's extensions would allocate.
    static CURRENT: Cell<Option<IpAddr>> = const { Cell::new(None) };
}

/// Makes an address the one of the request that is being polled; gives back the one before.
pub(crate) fn replace_current(address: Option<IpAddr>) -> Option<IpAddr> {
    CURRENT
        .try_with(|current| current.replace(address))
        .ok()
        .flatten()
}

/// The address of the client, as an extractor. Behind a proxy it is the proxy's, unless `server.trusted_proxies` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientIp(pub IpAddr);

impl<S: Send + Sync> FromRequestParts<S> for ClientIp {
    type Rejection = Error;

    async fn from_request_parts(_parts: &mut Parts, _state: &S) -> Result<Self, Error> {
        CURRENT
            .try_with(Cell::get)
            .ok()
            .flatten()
            .map(Self)
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::Configuration,
                    "the request did not come through Rustboot's pipeline",
                )
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        headers
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let trusted: Vec<Network> = ["10.0.0.0/8", "::1"]
            .iter()
            .filter_map(|n| Network::parse(n))
            .collect();
        for (peer, forwarded, client) in [
            ("203.0.113.9", vec!["1.2.3.4"], "203.0.113.9"),
            ("10.0.0.1", vec![], "10.0.0.1"),
            ("10.0.0.1", vec!["1.2.3.4"], "1.2.3.4"),
            ("10.0.0.1", vec!["6.6.6.6, 1.2.3.4, 10.0.0.2"], "1.2.3.4"),
            ("10.0.0.1", vec!["6.6.6.6", "1.2.3.4"], "1.2.3.4"),
            ("10.0.0.1", vec!["1.2.3.4, garbage"], "10.0.0.1"),
            ("10.0.0.1", vec!["1.2.3.4:5678"], "1.2.3.4"),
            ("::1", vec!["2001:db8::1"], "2001:db8::1"),
            ("::ffff:10.0.0.1", vec!["1.2.3.4"], "1.2.3.4"),
        ] {
            assert_eq!(
                resolve(ip(peer), &headers(&forwarded), &trusted),
                ip(client),
                "{peer} {forwarded:?}"
            );
        }
        assert_eq!(
            resolve(ip("10.0.0.1"), &headers(&["1.2.3.4"]), &[]),
            ip("10.0.0.1")
        );
    }

    #[test]
    fn networks_are_read_strictly() {
        for wrong in ["", "10.0.0.0/33", "10.0.0/8", "::/129", "x", "10.0.0.0/-1"] {
            assert_eq!(Network::parse(wrong), None, "{wrong}");
        }
        assert!(Network::parse("0.0.0.0/0").unwrap().contains(ip("8.8.8.8")));
        assert!(
            !Network::parse("0.0.0.0/0")
                .unwrap()
                .contains(ip("2001:db8::1"))
        );
    }
}
