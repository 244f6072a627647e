//! Which forwarding header is believed, and from whom.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use http::header::{FORWARDED, HeaderMap, HeaderName};
use serde::{Deserialize, Deserializer};

use super::network::Network;
use super::{Peer, node};

/// The header in which trusted proxies say who is calling.
///
/// `x-forwarded-for` is a list of addresses and `forwarded` the elements of RFC 7239. Any other name is a header that holds
/// one address, such as `x-real-ip`, `cf-connecting-ip` or `true-client-ip`; where it is there several times, the last one counts.
///
/// Exactly one is believed. A proxy overwrites or extends the header that it knows, and passes on any other as the client
/// sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForwardedHeader(Form);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    /// Addresses with commas between them.
    List(HeaderName),
    /// RFC 7239.
    Elements,
    /// One address.
    Single(HeaderName),
}

impl ForwardedHeader {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let name: HeaderName = text.trim().parse().ok()?;
        Some(Self(if name == "x-forwarded-for" {
            Form::List(name)
        } else if name == FORWARDED {
            Form::Elements
        } else {
            Form::Single(name)
        }))
    }
}

impl fmt::Display for ForwardedHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Form::List(name) | Form::Single(name) => name.as_str(),
            Form::Elements => FORWARDED.as_str(),
        })
    }
}

impl<'de> Deserialize<'de> for ForwardedHeader {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = ForwardedHeader;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a header, such as x-forwarded-for, forwarded or x-real-ip")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<ForwardedHeader, E> {
                ForwardedHeader::parse(text)
                    .ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

/// What decides whose word counts.
#[derive(Debug, Clone)]
pub(crate) struct Forwarding {
    pub(crate) trusted: Vec<Network>,
    pub(crate) header: ForwardedHeader,
}

impl Forwarding {
    /// The address of the client behind `peer`.
    pub(crate) fn client(&self, peer: Peer, headers: &HeaderMap) -> Option<IpAddr> {
        let peer = match peer {
            Peer::Unknown => return None,
            Peer::Tcp(peer) => peer.ip(),
            // Whoever may open the socket is a process of this machine, and is where a proxy would be.
            Peer::Unix => return Some(self.behind(Ipv4Addr::LOCALHOST.into(), headers)),
        };
        if self.trusted.is_empty() || !self.trusts(peer) {
            return Some(peer);
        }
        Some(self.behind(peer, headers))
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(address))
    }

    fn behind(&self, proxy: IpAddr, headers: &HeaderMap) -> IpAddr {
        match &self.header.0 {
            Form::List(name) => self.walk(proxy, headers, name, node::address),
            Form::Elements => self.walk(proxy, headers, &FORWARDED, node::forwarded_for),
            Form::Single(name) => headers
                .get_all(name)
                .iter()
                .next_back()
                .and_then(|value| node::address(value.to_str().ok()?))
                .unwrap_or(proxy),
        }
    }

    /// From the right, as far as the addresses are those of trusted proxies.
    fn walk(
        &self,
        proxy: IpAddr,
        headers: &HeaderMap,
        name: &HeaderName,
        address_of: fn(&str) -> Option<IpAddr>,
    ) -> IpAddr {
        let mut client = proxy;
        for value in headers.get_all(name).iter().rev() {
            let Ok(value) = value.to_str() else {
                return client;
            };
            for hop in node::split_unquoted(value, ',') {
                // What cannot be read was not written by a proxy of ours, or by one that will not say.
                let Some(address) = address_of(hop) else {
                    return client;
                };
                client = address;
                if !self.trusts(address) {
                    return client;
                }
            }
        }
        client
    }
}
