//! What is listened on: opened, accepted from, and closed without losing a client.

use std::io;
use std::task::{Context, Poll};

#[cfg(unix)]
use rustboot_core::Error;
use rustboot_core::Result;
use rustboot_core::lifecycle::ServerRole;
use tokio::net::{TcpListener, TcpStream};
#[cfg(unix)]
use tokio::net::{UnixListener, UnixStream};

use super::address::Address;
#[cfg(unix)]
use super::address::Inherited;
use super::tcp;
#[cfg(unix)]
use super::unix;

/// An open listener.
#[derive(Debug)]
pub(super) enum Socket {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener, unix::SocketFile),
    /// Somebody else keeps it open as well.
    #[cfg(unix)]
    InheritedTcp(TcpListener),
    #[cfg(unix)]
    InheritedUnix(UnixListener),
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
            #[cfg(unix)]
            Address::Inherited(socket) => Self::inherit(socket)
                .map_err(|error| Error::from(error).context("a socket of the service manager")),
        }
    }

    #[cfg(unix)]
    fn inherit(socket: &Inherited) -> io::Result<Self> {
        match socket {
            Inherited::Tcp(listener) => {
                listener.set_nonblocking(true)?;
                TcpListener::from_std(listener.try_clone()?).map(Self::InheritedTcp)
            }
            Inherited::Unix(listener) => {
                listener.set_nonblocking(true)?;
                UnixListener::from_std(listener.try_clone()?).map(Self::InheritedUnix)
            }
        }
    }

    /// Its address, as the ready line shows it.
    pub(super) fn url(&self, is_encrypted: bool) -> io::Result<String> {
        match self {
            #[cfg(unix)]
            Self::InheritedUnix(listener) => Ok(unix::url(listener.local_addr()?.as_pathname())),
            #[cfg(unix)]
            Self::InheritedTcp(listener) => tcp::url(listener, is_encrypted),
            Self::Tcp(listener) => tcp::url(listener, is_encrypted),
            #[cfg(unix)]
            Self::Unix(_, file) => Ok(unix::url(Some(file.path()))),
        }
    }

    /// The next connection.
    pub(super) fn poll_accept(&self, context: &mut Context<'_>) -> Poll<io::Result<Stream>> {
        match self {
            Self::Tcp(listener) => poll_tcp(listener, context),
            #[cfg(unix)]
            Self::Unix(listener, _) => poll_unix(listener, context),
            #[cfg(unix)]
            Self::InheritedTcp(listener) => poll_tcp(listener, context),
            #[cfg(unix)]
            Self::InheritedUnix(listener) => poll_unix(listener, context),
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
            // Who is in the queue is for the next process.
            #[cfg(unix)]
            Self::InheritedTcp(_) | Self::InheritedUnix(_) => {}
        }
    }
}

fn poll_tcp(listener: &TcpListener, context: &mut Context<'_>) -> Poll<io::Result<Stream>> {
    let accepted = listener.poll_accept(context);
    accepted.map_ok(|(stream, _)| Stream::Tcp(stream))
}

#[cfg(unix)]
fn poll_unix(listener: &UnixListener, context: &mut Context<'_>) -> Poll<io::Result<Stream>> {
    let accepted = listener.poll_accept(context);
    accepted.map_ok(|(stream, _)| Stream::Unix(stream))
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
