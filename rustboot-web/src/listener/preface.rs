//! Which HTTP a connection speaks, from its first bytes.
//!
//! hyper-util can tell as well, but waits for them without a limit: a client that connects and says nothing would stay for
//! ever. The bytes are only looked at; they are read when the connection is served.

use std::io;
use std::time::Duration;

use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

/// A major version of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HttpVersion {
    One,
    Two,
}

/// What every HTTP/2 connection begins with (RFC 9113, section 3.4).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Until the next look at a connection that has sent a part of the preface. Nothing wakes us for more bytes while some are unread.
/// The rest comes at once or not at all, so each pause is twice the one before.
const LOOK_AGAIN: Duration = Duration::from_millis(5);
const LOOK_AGAIN_AT_MOST: Duration = Duration::from_millis(500);

/// A stream whose first bytes can be looked at before they are read.
pub(super) trait Peek {
    /// Waits until something has come, and looks at it.
    fn peek(&self, into: &mut [u8]) -> impl Future<Output = io::Result<usize>> + Send;

    /// Reads what has come.
    fn try_read(&self, into: &mut [u8]) -> io::Result<usize>;
}

impl Peek for TcpStream {
    async fn peek(&self, into: &mut [u8]) -> io::Result<usize> {
        Self::peek(self, into).await
    }

    fn try_read(&self, into: &mut [u8]) -> io::Result<usize> {
        Self::try_read(self, into)
    }
}

#[cfg(unix)]
impl Peek for UnixStream {
    async fn peek(&self, into: &mut [u8]) -> io::Result<usize> {
        super::unix::peek(self, into).await
    }

    fn try_read(&self, into: &mut [u8]) -> io::Result<usize> {
        Self::try_read(self, into)
    }
}

/// Waits until the first bytes tell. To be called with a limit; dropping it loses nothing.
///
/// # Errors
/// When the connection ends before that.
pub(super) async fn read(stream: &impl Peek) -> io::Result<HttpVersion> {
    let mut seen = [0; PREFACE.len()];
    let mut pause = LOOK_AGAIN;
    loop {
        let length = stream.peek(&mut seen).await?;
        if length == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if seen[..length] != PREFACE[..length] {
            return Ok(HttpVersion::One);
        }
        if length == PREFACE.len() {
            return Ok(HttpVersion::Two);
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LOOK_AGAIN_AT_MOST);
    }
}
