//! What is listened on: opened, accepted from, and closed without losing a client.

use std::io;
use std::task::{Context, Poll};

use rustboot_core::Result;
use rustboot_core::lifecycle::ServerRole;
use tokio::net::{TcpListener, TcpStream};
#[cfg(unix)]
use tokio::net::{UnixListener, UnixStream};

use super::address::Address;
use super::tcp;
#[cfg(unix)]
use super::unix;

/// An open listener.
#[derive(Debug)]
pub(super) enum Socket {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener, unix::SocketFile),
}

/// An accepted connection.
#[derive(Debug)]
pub(super) enum Stream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

impl Socket {
    /// Opens it.
    ///
    /// # Errors
    /// When the address is taken, is none of this machine, or may not be used; the message says which key to change.
    pub(super) async fn open(address: &Address, role: ServerRole) -> Result<Self> {
        match address {
            Address::Tcp(address) => tcp::open(*address, role).map(Self::Tcp),
            #[cfg(unix)]
            Address::Unix { path, mode } => {
                let (listener, file) = unix::open(path, *mode).await?;
                Ok(Self::Unix(listener, file))
            }
        }
    }

    /// Its address, as the ready line shows it.
    pub(super) fn url(&self, is_encrypted: bool) -> io::Result<String> {
        match self {
            Self::Tcp(listener) => {
                let scheme = if is_encrypted { "https" } else { "http" };
                Ok(format!("{scheme}://{}", listener.local_addr()?))
            }
            #[cfg(unix)]
            Self::Unix(_, file) => Ok(format!("unix:{}", file.path().display())),
        }
    }

    /// The next connection.
    pub(super) fn poll_accept(&self, context: &mut Context<'_>) -> Poll<io::Result<Stream>> {
        match self {
            Self::Tcp(listener) => listener
                .poll_accept(context)
                .map_ok(|(stream, _)| Stream::Tcp(stream)),
            #[cfg(unix)]
            Self::Unix(listener, _) => listener
                .poll_accept(context)
                .map_ok(|(stream, _)| Stream::Unix(stream)),
        }
    }

    /// Closes it, and hands over everybody who is in its queue: they believe that they are connected.
    pub(super) async fn close(self, mut take: impl FnMut(Stream)) {
        match self {
            Self::Tcp(listener) => {
                tcp::close(listener, |stream| take(Stream::Tcp(stream))).await;
            }
            #[cfg(unix)]
            Self::Unix(listener, file) => {
                unix::close(listener, file, |stream| take(Stream::Unix(stream)));
            }
        }
    }
}

/// Takes everything out of a queue. Asks the operating system itself: tokio would only look where its last event said that
/// something is there.
pub(super) fn empty<S>(accept: impl Fn() -> io::Result<S>, mut take: impl FnMut(S)) {
    loop {
        match accept() {
            Ok(stream) => take(stream),
            Err(error) if is_about_the_connection(&error) => {}
            // The queue is empty, or nothing more can be opened.
            Err(_) => return,
        }
    }
}

/// Whether the client went away between its handshake and our accept.
pub(super) fn is_about_the_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}
