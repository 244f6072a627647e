//! The address of a client as text, made once for many requests.

use std::fmt;
use std::io::Write;
use std::net::IpAddr;

use crate::logs::format::number::{pair, three};

/// The longest address: IPv6 with an IPv4 tail.
const LONGEST: usize = 45;

/// An address and its text. Small, and inline: it costs no allocation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress {
    ip: IpAddr,
    text: [u8; LONGEST],
    length: u8,
}

impl ClientAddress {
    /// The address.
    pub fn ip(&self) -> IpAddr {
        self.ip
    }

    /// It as text: `192.0.2.1`, `2001:db8::1`.
    pub fn as_str(&self) -> &str {
        // An address is ASCII, so the default is out of reach.
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// The text as bytes, all of them ASCII.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.text[..usize::from(self.length)]
    }
}

impl From<IpAddr> for ClientAddress {
    fn from(ip: IpAddr) -> Self {
        let mut address = Self {
            ip,
            text: [0; LONGEST],
            length: 0,
        };
        match ip {
            // By hand: `core::fmt` is slow for a few digits, and behind a proxy each request has an address of its own.
            IpAddr::V4(ip) => {
                for (i, octet) in ip.octets().into_iter().enumerate() {
                    if i > 0 {
                        address.push(b".");
                    }
                    let number = octet.into();
                    match octet {
                        0..10 => address.push(&pair(number)[1..]),
                        10..100 => address.push(&pair(number)),
                        100.. => address.push(&three(number)),
                    }
                }
            }
            IpAddr::V6(ip) => {
                let mut rest = address.text.as_mut_slice();
                // There is room for the longest.
                write!(rest, "{ip}").unwrap_or_default();
                address.length = (LONGEST - rest.len()) as u8;
            }
        }
        address
    }
}

impl ClientAddress {
    fn push(&mut self, digits: &[u8]) {
        let end = usize::from(self.length) + digits.len();
        self.text[usize::from(self.length)..end].copy_from_slice(digits);
        self.length = end as u8;
    }
}

impl fmt::Debug for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientAddress({})", self.ip)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_address_fits() {
        for text in [
            "0.0.0.0",
            "192.0.2.17",
            "255.255.255.255",
            "::",
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
            "::ffff:255.255.255.255",
        ] {
            let ip: IpAddr = text.parse().unwrap();
            assert_eq!(ClientAddress::from(ip).as_str(), text);
            assert_eq!(ClientAddress::from(ip).ip(), ip);
        }
    }
}
