//! Who is calling: the peer, or what a trusted proxy says about it.
//!
//! Each proxy adds to the forwarding header what it knows, on the right; everything left of that is the client's own claim. So
//! the address is the right-most one that is not itself a trusted proxy. It will not guess: a header that nobody has named is
//! not looked at, since a proxy that does not know it passes on what the client wrote there.

mod current;
mod forwarding;
mod network;
mod node;

pub use current::ClientIp;
pub(crate) use current::replace_current;
pub use forwarding::ForwardedHeader;
pub(crate) use forwarding::Forwarding;
pub use network::Network;

use std::net::SocketAddr;

/// The other side of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    /// The operating system did not say.
    Unknown,
    /// A process of this machine, through a Unix socket.
    Unix,
    /// With an IPv4 address as such, also on a socket for both versions (`::ffff:203.0.113.9` is 203.0.113.9).
    Tcp(SocketAddr),
}

impl Peer {
    pub(crate) fn tcp(address: SocketAddr) -> Self {
        let mapped = match address {
            SocketAddr::V6(address) => address.ip().to_ipv4_mapped(),
            SocketAddr::V4(_) => None,
        };
        Self::Tcp(mapped.map_or(address, |ip| SocketAddr::new(ip.into(), address.port())))
    }
}

#[cfg(test)]
mod tests;
