//! An HTTP/1.1 client that knows exactly what was sent and what came: no pool, no retries, no forgiveness. Each step has a
//! deadline, after which it is an error like any other.

use std::io::{Error, ErrorKind, Result};

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::harness::LIMIT;

/// What to send.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) target: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
    chunked: bool,
}

impl Request {
    pub(crate) fn new(method: &'static str, target: &str) -> Self {
        Self {
            method,
            target: target.to_owned(),
            headers: Vec::new(),
            body: None,
            chunked: false,
        }
    }

    pub(crate) fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    pub(crate) fn post(target: &str) -> Self {
        Self::new("POST", target)
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// A body with its media type.
    pub(crate) fn json(self, body: &str) -> Self {
        self.header("content-type", "application/json").body(body)
    }

    /// Sends the body in chunks, so that nobody knows its length beforehand.
    pub(crate) fn chunked(mut self) -> Self {
        self.chunked = true;
        self
    }

    /// The bytes on the wire.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut text = format!(
            "{} {} HTTP/1.1\r\nhost: service.test\r\n",
            self.method, self.target
        );
        for (name, value) in &self.headers {
            text += &format!("{name}: {value}\r\n");
        }
        let mut bytes = text.into_bytes();
        match &self.body {
            None => bytes.extend(b"\r\n"),
            Some(body) if self.chunked => {
                bytes.extend(b"transfer-encoding: chunked\r\n\r\n");
                for chunk in body.chunks(512) {
                    bytes.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
                    bytes.extend(chunk);
                    bytes.extend(b"\r\n");
                }
                bytes.extend(b"0\r\n\r\n");
            }
            Some(body) => {
                bytes.extend(format!("content-length: {}\r\n\r\n", body.len()).into_bytes());
                bytes.extend(body);
            }
        }
        bytes
    }
}

/// What came, all of it.
#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    /// The value of a header that may be there once.
    /// All values of a header, in order.
    pub(crate) fn headers(&self, name: &str) -> Vec<&str> {
        let named = self.headers.iter().filter(|(n, _)| n == name);
        named.map(|(_, value)| value.as_str()).collect()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self
            .headers
            .iter()
            .filter(|(n, _)| n == name)
            .map(|(_, value)| value.as_str());
        let value = values.next();
        assert_eq!(values.next(), None, "{name} is there twice: {self:?}");
        value
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Whether the server will close the connection.
    pub(crate) fn closes(&self) -> bool {
        self.header("connection")
            .is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }

    /// Everything that a client can read of it, to look for what must not be there.
    pub(crate) fn everything(&self) -> String {
        format!(
            "{:?}\n{}",
            self.headers,
            String::from_utf8_lossy(&self.body)
        )
    }
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Connection<S = TcpStream> {
    stream: S,
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: &str) -> Result<Self> {
        let stream = timeout(LIMIT, TcpStream::connect(address)).await??;
        stream.set_nodelay(true)?;
        Ok(Self::over(stream))
    }

    /// Whether something has come that was not read yet: an answer, or the end.
    pub(crate) fn has_something(&mut self) -> bool {
        if !self.buffer.is_empty() {
            return true;
        }
        match self.stream.try_read_buf(&mut self.buffer) {
            Ok(_) => true,
            Err(error) => error.kind() != ErrorKind::WouldBlock,
        }
    }

    /// Whether the server has closed the connection already, as far as is known here.
    pub(crate) fn is_closed(&self) -> bool {
        match self.stream.try_read(&mut [0]) {
            Ok(0) => true,
            Ok(_) => panic!("the server said something that nobody asked for"),
            Err(error) => error.kind() != ErrorKind::WouldBlock,
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    pub(crate) fn over(stream: S) -> Self {
        Self {
            stream,
            buffer: Vec::new(),
        }
    }

    /// Sends a request and reads its answer. An error means that the answer is not complete.
    pub(crate) async fn send(&mut self, request: &Request) -> Result<Response> {
        self.write(&request.bytes()).await?;
        self.answer(request.method).await
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        timeout(LIMIT, self.stream.write_all(bytes)).await??;
        timeout(LIMIT, self.stream.flush()).await?
    }

    /// Says that nothing more comes, and goes on reading.
    pub(crate) async fn end(&mut self) -> Result<()> {
        timeout(LIMIT, self.stream.shutdown()).await?
    }

    /// Reads the answer to a request that has been written.
    pub(crate) async fn answer(&mut self, method: &str) -> Result<Response> {
        let mut response = self.head().await?;
        if method == "HEAD" || matches!(response.status, 204 | 304) {
            return Ok(response);
        }
        if response.header("transfer-encoding") == Some("chunked") {
            while let Some(chunk) = self.chunk().await? {
                response.body.extend(chunk);
            }
        } else if let Some(length) = response.header("content-length") {
            let length = length.parse().map_err(|_| malformed("content-length"))?;
            response.body = self.take(length).await?;
        } else {
            return Err(malformed("an answer without a length"));
        }
        Ok(response)
    }

    /// Reads the head of an answer.
    pub(crate) async fn head(&mut self) -> Result<Response> {
        let head = self.until(b"\r\n\r\n").await?;
        let head = String::from_utf8(head).map_err(|_| malformed("the head is not UTF-8"))?;
        let mut lines = head.trim_end().split("\r\n");
        let status = lines
            .next()
            .and_then(|line| {
                let status = line.strip_prefix("HTTP/1.1 ");
                let status = status.or_else(|| line.strip_prefix("HTTP/1.0 "));
                status?.get(..3)?.parse().ok()
            })
            .ok_or_else(|| malformed("the status line"))?;
        let headers = lines
            .map(|line| {
                let (name, value) = line.split_once(": ").ok_or_else(|| malformed(line))?;
                Ok((name.to_ascii_lowercase(), value.to_owned()))
            })
            .collect::<Result<_>>()?;
        Ok(Response {
            status,
            headers,
            body: Vec::new(),
        })
    }

    /// Reads one chunk of a chunked body; `None` for the last one.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Vec<u8>>> {
        let line = self.until(b"\r\n").await?;
        let size = std::str::from_utf8(&line)
            .ok()
            .and_then(|line| usize::from_str_radix(line.trim_end(), 16).ok());
        let size = size.ok_or_else(|| malformed("the size of a chunk"))?;
        let mut chunk = self.take(size + 2).await?;
        if !chunk.ends_with(b"\r\n") {
            return Err(malformed("the end of a chunk"));
        }
        chunk.truncate(size);
        Ok((size > 0).then_some(chunk))
    }

    /// Waits until the server has closed the connection in order. What it says before that is an error.
    pub(crate) async fn closed(&mut self) -> Result<()> {
        if self.buffer.is_empty()
            && timeout(LIMIT, self.stream.read_buf(&mut self.buffer)).await?? == 0
        {
            return Ok(());
        }
        Err(malformed(&format!(
            "more: {}",
            String::from_utf8_lossy(&self.buffer)
        )))
    }

    /// Reads up to the end of what is looked for.
    pub(crate) async fn until(&mut self, end: &[u8]) -> Result<Vec<u8>> {
        loop {
            if let Some(at) = self
                .buffer
                .windows(end.len())
                .position(|window| window == end)
            {
                return Ok(self.buffer.drain(..at + end.len()).collect());
            }
            self.fill().await?;
        }
    }

    async fn take(&mut self, length: usize) -> Result<Vec<u8>> {
        while self.buffer.len() < length {
            self.fill().await?;
        }
        Ok(self.buffer.drain(..length).collect())
    }

    async fn fill(&mut self) -> Result<()> {
        match timeout(LIMIT, self.stream.read_buf(&mut self.buffer)).await?? {
            0 => Err(Error::new(
                ErrorKind::UnexpectedEof,
                format!("the connection ended after {} bytes", self.buffer.len()),
            )),
            _ => Ok(()),
        }
    }
}

fn malformed(what: &str) -> Error {
    Error::new(ErrorKind::InvalidData, what.to_owned())
}
