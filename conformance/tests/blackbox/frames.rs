//! HTTP/2 frame by frame, for clients that no library would be: they send what they like, when they like (RFC 9113, section 4).

use std::io::{Error, ErrorKind, Result};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::harness::LIMIT;

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const WINDOW_UPDATE: u8 = 8;

pub(crate) const END_STREAM: u8 = 0x1;
pub(crate) const ACK: u8 = 0x1;
pub(crate) const END_HEADERS: u8 = 0x4;

/// `SETTINGS_INITIAL_WINDOW_SIZE`.
pub(crate) const INITIAL_WINDOW: u16 = 4;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A frame that came.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) stream: u32,
    pub(crate) payload: Vec<u8>,
}

impl Frame {
    /// Of `RST_STREAM` and `GOAWAY`: why.
    pub(crate) fn reason(&self) -> u32 {
        let at = if self.kind == GOAWAY { 4 } else { 0 };
        u32::from_be_bytes(self.payload[at..at + 4].try_into().unwrap())
    }

    pub(crate) fn ends_stream(&self) -> bool {
        matches!(self.kind, DATA | HEADERS) && self.flags & END_STREAM != 0
    }
}

/// A frame to send.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut bytes = length[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

pub(crate) fn window_update(stream: u32, by: u32) -> Vec<u8> {
    frame(WINDOW_UPDATE, 0, stream, &by.to_be_bytes())
}

pub(crate) fn settings(pairs: &[(u16, u32)]) -> Vec<u8> {
    let payload: Vec<u8> = pairs
        .iter()
        .flat_map(|(name, value)| [name.to_be_bytes().to_vec(), value.to_be_bytes().to_vec()])
        .flatten()
        .collect();
    frame(SETTINGS, 0, 0, &payload)
}

/// The compressed head of a request: indices of the static table, and literals that are not added to the other one (RFC 7541).
pub(crate) fn head(method: &str, path: &str) -> Vec<u8> {
    let mut block = match method {
        "GET" => vec![0x82],
        "POST" => vec![0x83],
        _ => panic!("no index for {method}"),
    };
    block.push(0x86);
    literal(&mut block, 4, path);
    literal(&mut block, 1, "service.test");
    block
}

fn literal(block: &mut Vec<u8>, name: u8, value: &str) {
    block.push(name);
    block.push(u8::try_from(value.len()).unwrap());
    block.extend(value.as_bytes());
}

/// A request without a body, in one frame.
pub(crate) fn get(stream: u32, path: &str) -> Vec<u8> {
    frame(
        HEADERS,
        END_HEADERS | END_STREAM,
        stream,
        &head("GET", path),
    )
}

/// A connection.
pub(crate) struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Wire {
    /// Connects, and sends the preface with these settings.
    pub(crate) async fn open(address: &str, pairs: &[(u16, u32)]) -> Self {
        let stream = timeout(LIMIT, TcpStream::connect(address)).await;
        let stream = stream.unwrap().unwrap();
        stream.set_nodelay(true).unwrap();
        let mut wire = Self {
            stream,
            buffer: Vec::new(),
        };
        let mut beginning = PREFACE.to_vec();
        beginning.extend(settings(pairs));
        wire.write(&beginning).await.unwrap();
        wire
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        timeout(LIMIT, self.stream.write_all(bytes)).await?
    }

    /// The next frame; an error when the connection has ended.
    pub(crate) async fn next(&mut self) -> Result<Frame> {
        loop {
            if let Some(frame) = self.parse() {
                return Ok(frame);
            }
            let read = timeout(LIMIT, self.stream.read_buf(&mut self.buffer)).await??;
            if read == 0 {
                return Err(Error::new(ErrorKind::UnexpectedEof, "the connection ended"));
            }
        }
    }

    /// The next frame that is no `SETTINGS` or `PING`, and says that both were seen.
    pub(crate) async fn next_of_interest(&mut self) -> Result<Frame> {
        loop {
            let next = self.next().await?;
            match (next.kind, next.flags & ACK) {
                (SETTINGS, 0) => self.write(&frame(SETTINGS, ACK, 0, &[])).await?,
                (PING, 0) => self.write(&frame(PING, ACK, 0, &next.payload)).await?,
                (SETTINGS | PING, _) => {}
                _ => return Ok(next),
            }
        }
    }

    /// Frames until `found` says yes, which is the last of them.
    pub(crate) async fn until(
        &mut self,
        mut found: impl FnMut(&Frame) -> bool,
    ) -> Result<Vec<Frame>> {
        let mut frames = Vec::new();
        loop {
            let next = self.next_of_interest().await?;
            let is_last = found(&next);
            frames.push(next);
            if is_last {
                return Ok(frames);
            }
        }
    }

    fn parse(&mut self) -> Option<Frame> {
        let head: [u8; 9] = self.buffer.get(..9)?.try_into().unwrap();
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let payload = self.buffer.get(9..9 + length)?.to_vec();
        self.buffer.drain(..9 + length);
        Some(Frame {
            kind: head[3],
            flags: head[4],
            stream: u32::from_be_bytes(head[5..].try_into().unwrap()),
            payload,
        })
    }
}
