//! Which HTTP a connection speaks, from its first bytes.
//!
//! hyper-util can tell as well, but waits for them without a limit: a client that connects and says nothing would stay for
//! ever. The bytes are only looked at; they are read when the connection is served.

use std::io;
use std::time::Duration;

use tokio::net::TcpStream;

/// A major version of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HttpVersion {
    One,
    Two,
}

/// What every HTTP/2 connection begins with (RFC 9113, section 3.4).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Between looks at a connection that has sent a part of the preface. Nothing wakes us for more bytes while some are unread.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Waits until the first bytes tell. To be called with a limit; dropping it loses nothing.
///
/// # Errors
/// When the connection ends before that.
pub(super) async fn read(stream: &TcpStream) -> io::Result<HttpVersion> {
    let mut seen = [0; PREFACE.len()];
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
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}
