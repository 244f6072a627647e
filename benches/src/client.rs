//! One keep-alive HTTP/1.1 connection that sends the same bytes again and again. Blocking, without a parser for anything
//! but `Content-Length`, so that what is measured is the server.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::endpoint::Endpoint;

/// Longer than the slowest answer under valgrind, so that a server that hangs is an error and not a wait.
const PATIENCE: Duration = Duration::from_secs(60);

/// A connection that asks for one endpoint.
#[derive(Debug)]
pub struct Client {
    stream: TcpStream,
    request: Vec<u8>,
    buffer: Vec<u8>,
}

impl Client {
    /// Connects, and checks that the first answer is the one that was meant.
    ///
    /// # Errors
    /// When the server cannot be reached, or answers something else.
    pub fn connect(address: SocketAddr, endpoint: Endpoint) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut client = Self {
            stream,
            request: endpoint.request(),
            buffer: vec![0; 4096],
        };
        let body = client.exchange()?;
        if body != endpoint.answer().as_bytes() {
            let body = String::from_utf8_lossy(body).into_owned();
            return Err(io::Error::other(format!(
                "{endpoint} was answered with {body:?}"
            )));
        }
        Ok(client)
    }

    /// Sends the request and reads the whole answer. Returns its body.
    ///
    /// # Errors
    /// When the connection breaks, or the answer is not a 200 with a length.
    pub fn exchange(&mut self) -> io::Result<&[u8]> {
        self.stream.write_all(&self.request)?;
        let mut filled = 0;
        loop {
            let read = self.stream.read(&mut self.buffer[filled..])?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            filled += read;
            if let Some(head) = head_length(&self.buffer[..filled]) {
                let total = head + content_length(&self.buffer[..head])?;
                if filled >= total {
                    return Ok(&self.buffer[head..total]);
                }
            }
        }
    }

    /// The same `count` times.
    ///
    /// # Errors
    /// As [`Client::exchange`].
    pub fn exchange_times(&mut self, count: u64) -> io::Result<()> {
        for _ in 0..count {
            self.exchange()?;
        }
        Ok(())
    }
}

/// The length of the head with the blank line, once it is there.
fn head_length(answer: &[u8]) -> Option<usize> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    Some(end + 4)
}

fn content_length(head: &[u8]) -> io::Result<usize> {
    const NAME: &[u8] = b"content-length: ";
    if !head.starts_with(b"HTTP/1.1 200 ") {
        let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
        return Err(io::Error::other(String::from_utf8_lossy(line).into_owned()));
    }
    let at = head
        .windows(NAME.len())
        .position(|window| window.eq_ignore_ascii_case(NAME))
        .ok_or_else(|| io::Error::other("the answer has no Content-Length"))?;
    let digits = head[at + NAME.len()..]
        .iter()
        .take_while(|byte| byte.is_ascii_digit());
    Ok(digits.fold(0, |length, digit| length * 10 + usize::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_200_with_a_length_counts() {
        let length = |head: &str| content_length(head.as_bytes()).ok();
        assert_eq!(
            length("HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n"),
            Some(13)
        );
        assert_eq!(
            length("HTTP/1.1 404 Not Found\r\ncontent-length: 1\r\n\r\n"),
            None
        );
        assert_eq!(length("HTTP/1.1 200 OK\r\n\r\n"), None);
        assert_eq!(head_length(b"a: b\r\n\r\nbody"), Some(8));
        assert_eq!(head_length(b"a: b\r\n\r"), None);
    }
}
