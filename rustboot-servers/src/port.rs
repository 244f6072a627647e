//! A port that is free, and stays ours across a restart.

use std::net::{Ipv4Addr, TcpListener};

/// A free port of 127.0.0.1. It is below the range from which systems take the ports of outgoing connections and of port 0
/// (from 32768 on Linux, from 49152 elsewhere), so that nobody gets it by chance while a server is down.
pub(crate) fn free() -> u16 {
    loop {
        let port = fastrand::u16(16_000..32_000);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}
