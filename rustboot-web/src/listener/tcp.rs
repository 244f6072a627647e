//! TCP sockets: opened so that a restart need not wait, closed so that nobody is reset.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use rustboot_core::Error;
use rustboot_core::Result;
use rustboot_core::lifecycle::ServerRole;
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use super::socket::empty;

/// From the first packet of a handshake to the last, with a client that is not on the other side of the world.
const HANDSHAKE_GRACE: Duration = Duration::from_millis(100);

/// Connections that the operating system keeps for us until we accept them. With tokio's own 128, a burst of clients would
/// wait for their next try, a second later.
pub(super) const BACKLOG: u32 = 1024;

/// Opens an address.
///
/// # Errors
/// When it is taken, is none of this machine, or may not be used; the message says which key to change.
pub(super) fn open(address: SocketAddr, role: ServerRole) -> Result<TcpListener> {
    listen(address).map_err(|error| unopened(address, role, error))
}

/// Its address, as the ready line shows it.
pub(super) fn url(listener: &TcpListener, is_encrypted: bool) -> io::Result<String> {
    let scheme = if is_encrypted { "https" } else { "http" };
    Ok(format!("{scheme}://{}", listener.local_addr()?))
}

/// See [`Socket::close`](super::socket::Socket::close).
pub(super) async fn close(listener: TcpListener, mut take: impl FnMut(TcpStream)) {
    refuse_new_handshakes(&listener);
    // Those that have begun get the time of a round trip or two to complete.
    tokio::time::sleep(HANDSHAKE_GRACE).await;
    let Ok(listener) = listener.into_std() else {
        return;
    };
    empty(
        || listener.accept().map(|(stream, _)| stream),
        |stream| {
            let stream = stream
                .set_nonblocking(true)
                .and_then(|()| TcpStream::from_std(stream));
            if let Ok(stream) = stream {
                take(stream);
            }
        },
    );
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // A restart must not wait for connections of the last process to be forgotten. On Windows it would mean to share.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

fn unopened(address: SocketAddr, role: ServerRole, error: io::Error) -> Error {
    let key = match role {
        ServerRole::Traffic => "server",
        ServerRole::Management => "management",
    };
    let what = match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "the address {address} is in use by another process: stop that, or set {key}.port (0 picks a free one)"
        ),
        io::ErrorKind::AddrNotAvailable => {
            format!("the address {address} is not one of this machine: set {key}.host")
        }
        io::ErrorKind::PermissionDenied => {
            format!(
                "the address {address} may not be opened by this user: ports below 1024 need a privilege; set {key}.port"
            )
        }
        _ => format!("the address {address} could not be opened"),
    };
    Error::internal(what).with_source(error)
}

/// Lets no further handshake begin, so that the queue can be emptied for good. A connection that completed between the last
/// `accept` and the close of the socket would be reset, and its client would have lost a request that it was allowed to
/// send. With this filter its first packet is dropped instead; the client tries again, and is refused like everybody.
#[cfg(target_os = "linux")]
fn refuse_new_handshakes(listener: &TcpListener) {
    use socket2::SockFilter;
    // Classic BPF over the TCP header. What is accepted from now on inherits the filter, so it must let everything pass
    // but the packet that begins a handshake.
    const LOAD_BYTE: u16 = 0x30;
    const JUMP_IF_ANY_BIT: u16 = 0x45;
    const RETURN: u16 = 0x06;
    const FLAGS: u32 = 13;
    const SYN: u32 = 0x02;
    let filter = [
        SockFilter::new(LOAD_BYTE, 0, 0, FLAGS),
        SockFilter::new(JUMP_IF_ANY_BIT, 0, 1, SYN),
        SockFilter::new(RETURN, 0, 0, 0),
        SockFilter::new(RETURN, 0, 0, u32::MAX),
    ];
    if let Err(error) = socket2::SockRef::from(listener).attach_filter(&filter) {
        // A sandbox may forbid it. Then the window stays open for the microseconds that it is.
        tracing::debug!(target: "rustboot::web", %error, "handshakes cannot be refused before the listener closes");
    }
}

/// Other systems have no such filter; the window is the microseconds between the last `accept` and the close.
#[cfg(not(target_os = "linux"))]
fn refuse_new_handshakes(_listener: &TcpListener) {}
