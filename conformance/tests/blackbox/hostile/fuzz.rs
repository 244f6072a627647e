//! Malformed requests by the thousand, from a seed: the same ones each time.
//!
//! `CONFORMANCE_FUZZ=100000` says how many have to be refused; without it there are fewer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpSocket;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::Witness;
use crate::harness::{LIMIT, Sandbox};

/// xorshift64*: small, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap() % limit
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

/// What mutations begin with: requests that are fine.
const GOOD: [&str; 6] = [
    "GET /text HTTP/1.1\r\nhost: service.test\r\naccept: */*\r\n\r\n",
    "POST /echo HTTP/1.1\r\nhost: service.test\r\ncontent-type: application/json\r\ncontent-length: 7\r\n\r\n{\"a\":1}",
    "POST /bytes HTTP/1.1\r\nhost: service.test\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "GET /items/17?q=a%20b HTTP/1.1\r\nhost: service.test\r\nx-request-id: abc\r\n\r\n",
    "PUT /mounted/names/x HTTP/1.1\r\nhost: service.test\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\nhi",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\u{6}\u{4}\0\0\0\0\0\0\u{3}\0\0\0d",
];

/// What is put in somewhere.
const NASTY: [&[u8]; 28] = [
    b"\0",
    b"\r",
    b"\n",
    b"\r\n",
    b"\r\n\r\n",
    b"\n\n",
    b" ",
    b"\t",
    b":",
    b";",
    b"%",
    b"%00",
    b"%zz",
    b"\xff\xfe",
    b"\x80",
    b"\x0b",
    b"content-length: 5\r\n",
    b"content-length: -1\r\n",
    b"content-length: 99999999999999999999\r\n",
    b"transfer-encoding: chunked\r\n",
    b"transfer-encoding: gzip\r\n",
    b"host:\r\n",
    b" folded\r\n",
    b"HTTP/1.1",
    b"HTTP/9.9",
    b"GET ",
    b"../../",
    b"ffffffffffffffff\r\n",
];

fn malformed(random: &mut Random) -> Vec<u8> {
    let mut bytes = random.pick(&GOOD).as_bytes().to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len() + 1);
        match random.below(6) {
            0 => {
                bytes.splice(at..at, random.pick(&NASTY).iter().copied());
            }
            1 => bytes.truncate(at),
            2 if at < bytes.len() => bytes[at] = u8::try_from(random.below(256)).unwrap(),
            3 if at < bytes.len() => {
                bytes.remove(at);
            }
            4 => {
                let part = bytes[at..].to_vec();
                bytes.splice(at..at, part.iter().copied().take(64));
            }
            _ => {
                let to = at + random.below(bytes.len() - at + 1);
                bytes[at..to].reverse();
            }
        }
        if bytes.is_empty() {
            bytes = vec![u8::try_from(random.below(256)).unwrap()];
        }
    }
    bytes
}

#[derive(Default)]
struct Tally {
    sent: AtomicUsize,
    /// Answered with 4xx, or closed without an answer.
    refused: AtomicUsize,
}

/// Sends one, says that this was all, and reads what comes until the server closes. Whether it was refused.
async fn send(port: u16, client: u8, bytes: &[u8]) -> bool {
    let socket = TcpSocket::new_v4().unwrap();
    // From several addresses: the ports of one would not last.
    socket.bind(([127, 0, 0, client], 0).into()).unwrap();
    let mut stream = socket.connect(([127, 0, 0, 1], port).into()).await.unwrap();
    // The server may have heard enough before it has read all of it.
    if stream.write_all(bytes).await.is_err() || stream.shutdown().await.is_err() {
        return true;
    }
    let mut answer = Vec::new();
    let read = timeout(LIMIT, stream.read_to_end(&mut answer)).await;
    let read = read.unwrap_or_else(|_| panic!("never closed: {}", bytes.escape_ascii()));
    if read.is_err() || answer.is_empty() {
        return true;
    }
    let status = answer
        .strip_prefix(b"HTTP/1.1 ")
        .or(answer.strip_prefix(b"HTTP/1.0 "));
    match status.and_then(|rest| rest.first()) {
        Some(b'4') => true,
        Some(b'1'..=b'3') => false,
        // Frames of HTTP/2.
        None => false,
        Some(_) => panic!(
            "{} is answered {}",
            bytes.escape_ascii(),
            answer.escape_ascii()
        ),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "says how long the tests run, and configures nothing"
)]
fn wanted() -> usize {
    match std::env::var("CONFORMANCE_FUZZ") {
        Ok(number) => number.parse().unwrap(),
        Err(_) => 3000,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn malformed_requests() {
    const CLIENTS: u8 = 16;
    let wanted = wanted();
    let service = Sandbox::new()
        .env("APP_SERVER__HEADER_READ_TIMEOUT", "2s")
        .env("APP_SERVER__REQUEST_TIMEOUT", "2s")
        .env("APP_LOG__ACCESS", "false")
        .start()
        .await;
    let witness = Witness::of(&service).await;
    let tally = Arc::new(Tally::default());
    let mut running = JoinSet::new();
    for client in 0..CLIENTS {
        let (tally, port) = (Arc::clone(&tally), service.port());
        running.spawn(async move {
            let mut random = Random(0x5eed_0000 + u64::from(client));
            while tally.refused.load(Ordering::Relaxed) < wanted {
                let bytes = malformed(&mut random);
                let refused = send(port, 2 + client, &bytes).await;
                tally.sent.fetch_add(1, Ordering::Relaxed);
                tally
                    .refused
                    .fetch_add(usize::from(refused), Ordering::Relaxed);
            }
        });
    }
    running.join_all().await;
    let (sent, refused) = (
        tally.sent.load(Ordering::Relaxed),
        tally.refused.load(Ordering::Relaxed),
    );
    // Some mutations are fine, or fine for all that HTTP says.
    assert!(refused * 2 > sent, "{refused} of {sent}");
    let what = format!("{refused} of {sent} mutated requests refused");
    witness.ends_well(&what, &service, 16).await;
}
