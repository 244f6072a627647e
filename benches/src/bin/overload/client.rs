//! A client that looks at what it gets.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::Failure;
use super::serve::ANSWER;

/// How long answers took, from the first byte of the request to the last one of the answer.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) admitted: Vec<Duration>,
    pub(super) refused: Vec<Duration>,
}

impl Seen {
    pub(super) fn add(&mut self, other: Self) {
        self.admitted.extend(other.admitted);
        self.refused.extend(other.refused);
    }
}

const REQUEST: &[u8] =
    b"GET /work HTTP/1.1\r\nhost: localhost\r\nuser-agent: overload\r\naccept: */*\r\n\r\n";

/// One keep-alive connection.
pub(super) struct Client {
    stream: TcpStream,
    number: usize,
    buffer: Vec<u8>,
}

impl Client {
    pub(super) async fn connect(address: SocketAddr, number: usize) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            number,
            buffer: Vec::with_capacity(4096),
        })
    }

    /// Asks again and again. What comes between the two moments counts.
    pub(super) async fn ask(mut self, begin: Instant, end: Instant) -> Result<Seen, Failure> {
        let mut seen = Seen::default();
        for attempt in 0.. {
            let at = Instant::now();
            if at >= end {
                break;
            }
            let is_admitted = self.exchange().await?;
            let took = at.elapsed();
            if at >= begin {
                match is_admitted {
                    true => seen.admitted.push(took),
                    false => seen.refused.push(took),
                }
            }
            if !is_admitted {
                sleep(self.pause(attempt)).await;
            }
        }
        Ok(seen)
    }

    /// From 50 to 150 ms, so that the refused do not come back all at once.
    fn pause(&self, attempt: usize) -> Duration {
        let spread = (self.number * 7919 + attempt * 104_729) % 100;
        Duration::from_millis(50 + spread as u64)
    }

    /// Whether it was admitted.
    async fn exchange(&mut self) -> Result<bool, Failure> {
        self.buffer.clear();
        self.stream.write_all(REQUEST).await?;
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err("the server has closed the connection".into());
            }
            if let Some(is_admitted) = verdict(&self.buffer)? {
                return Ok(is_admitted);
            }
        }
    }
}

/// What a whole answer says; `None` while more of it is to come.
fn verdict(answer: &[u8]) -> Result<Option<bool>, Failure> {
    let text = std::str::from_utf8(answer)?;
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return Ok(None);
    };
    let header = |name: &str| {
        head.lines().skip(1).find_map(|line| {
            let (known, value) = line.split_once(": ")?;
            known.eq_ignore_ascii_case(name).then_some(value)
        })
    };
    let length: usize = header("content-length").unwrap_or_default().parse()?;
    if body.len() < length {
        return Ok(None);
    }
    let seconds = header("retry-after").and_then(|value| value.parse::<u32>().ok());
    if head.starts_with("HTTP/1.1 200 ") && body == ANSWER {
        return Ok(Some(true));
    }
    if head.starts_with("HTTP/1.1 503 ")
        && seconds.is_some_and(|seconds| seconds > 0)
        && header("content-type") == Some("application/problem+json")
        && header("connection").is_none()
    {
        return Ok(Some(false));
    }
    Err(format!("what is this?\n{text}").into())
}
