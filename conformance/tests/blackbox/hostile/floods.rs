//! Floods of HTTP/2 frames that cost their sender nothing. Whether the server goes along with one or ends the connection, it keeps
//! little of it, and serves the others.

use std::time::Instant;

use super::Witness;
use crate::frames::{
    DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, RST_STREAM, Wire, frame, get, head, settings,
    window_update,
};
use crate::harness::{LIMIT, Sandbox, Service, eventually};

const PRIORITY: u8 = 2;
const PING: u8 = 6;
const CONTINUATION: u8 = 9;
const CANCEL: [u8; 4] = [0, 0, 0, 8];

/// Frames until there are `frames` of them or the server has had enough, without reading anything: how many.
async fn flood(wire: &mut Wire, frames: usize, mut next: impl FnMut(u32) -> Vec<u8>) -> usize {
    const AT_ONCE: usize = 500;
    let at = Instant::now();
    let mut sent = 0;
    while sent < frames && at.elapsed() < LIMIT / 2 {
        let numbers = sent..sent + AT_ONCE;
        let batch: Vec<u8> = numbers
            .flat_map(|number| next(u32::try_from(number).unwrap()))
            .collect();
        // A server that waits for us to read is one that has stopped to listen.
        let written = tokio::time::timeout(LIMIT / 10, wire.write(&batch)).await;
        if !matches!(written, Ok(Ok(()))) {
            break;
        }
        sent += AT_ONCE;
    }
    sent
}

/// Whether the server ended the connection, and why.
async fn verdict(wire: &mut Wire) -> Option<u32> {
    let mut reason = None;
    while let Ok(Ok(frame)) = tokio::time::timeout(LIMIT / 20, wire.next()).await {
        if frame.kind == GOAWAY {
            reason = Some(frame.reason());
        }
    }
    reason
}

fn sandbox() -> Sandbox {
    Sandbox::new().env("APP_LOG__ACCESS", "false")
}

async fn nothing_in_flight(service: &Service) {
    eventually("nothing is in flight", async || {
        let metrics = service.metrics().await;
        metrics.value("http_server_active_requests", &[]) == Some(0.0)
    })
    .await;
}

/// CVE-2023-44487: a request and its reset, again and again, never more than one at a time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rapid_resets() {
    let service = sandbox().start().await;
    let witness = Witness::of(&service).await;
    let mut wire = Wire::open(&service.address, &[]).await;
    let sent = flood(&mut wire, 50_000, |number| {
        let stream = 2 * number + 1;
        let mut both = get(stream, "/sleep?ms=3600000");
        both.extend(frame(RST_STREAM, 0, stream, &CANCEL));
        both
    })
    .await;
    let reason = verdict(&mut wire).await;
    println!("{sent} resets: GOAWAY {reason:?}");
    nothing_in_flight(&service).await;
    witness
        .ends_well(&format!("{sent} rapid resets"), &service, 16)
        .await;
}

/// CVE-2024-27316: a head that goes on for ever, in frames with something in them and in empty ones.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn continuations_without_end() {
    let service = sandbox().start().await;
    // A header without a place in any table, as often as one likes.
    let header = b"\0\x01x\x7f\x05"
        .iter()
        .copied()
        .chain([b'y'; 132])
        .collect::<Vec<u8>>();
    for (what, piece) in [("large", header.repeat(100)), ("empty", Vec::new())] {
        let witness = Witness::of(&service).await;
        let mut wire = Wire::open(&service.address, &[]).await;
        wire.write(&frame(HEADERS, END_STREAM, 1, &head("GET", "/text")))
            .await
            .unwrap();
        let sent = flood(&mut wire, 100_000, |_| frame(CONTINUATION, 0, 1, &piece)).await;
        let reason = verdict(&mut wire).await;
        assert!(sent < 100_000, "{what}: taken without end");
        println!("{sent} {what} continuations: GOAWAY {reason:?}");
        witness
            .ends_well(&format!("{sent} {what} continuations"), &service, 16)
            .await;
    }
}

/// Makes the next frame from its number.
type Next = fn(u32) -> Vec<u8>;

/// Frames that want an answer, from a client that reads none; and frames that want nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_that_cost_nothing() {
    let service = sandbox().start().await;
    let floods: [(&str, Next); 6] = [
        ("pings", |_| frame(PING, 0, 0, &[7; 8])),
        ("settings", |_| settings(&[(4, 65_535)])),
        ("empty settings", |_| settings(&[])),
        ("priorities", |number| {
            frame(PRIORITY, 0, 2 * (number % 1000) + 1, &[0, 0, 0, 0, 9])
        }),
        ("window updates", |number| window_update(0, 1 + number % 2)),
        ("unknown frames", |_| frame(0xfa, 0xff, 0, &[1; 100])),
    ];
    for (what, next) in floods {
        let witness = Witness::of(&service).await;
        let mut wire = Wire::open(&service.address, &[]).await;
        let sent = flood(&mut wire, 200_000, next).await;
        let what = format!("{sent} {what}");
        witness.ends_well(&what, &service, 16).await;
        drop(wire);
    }
}

/// More streams than are allowed, and requests that never end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_streams_than_are_allowed() {
    let service = sandbox().start().await;
    let witness = Witness::of(&service).await;
    let mut wire = Wire::open(&service.address, &[]).await;
    let sent = flood(&mut wire, 5000, |number| {
        let stream = 2 * number + 1;
        let mut both = frame(HEADERS, END_HEADERS, stream, &head("POST", "/bytes"));
        both.extend(frame(DATA, 0, stream, b"some"));
        both
    })
    .await;
    let metrics = service.metrics().await;
    let active = metrics.value("http_server_active_requests", &[]).unwrap();
    assert!(active <= 201.0, "{active} at the same time");
    let reason = verdict(&mut wire).await;
    println!("{sent} streams without end: {active} at the same time, GOAWAY {reason:?}");
    drop(wire);
    nothing_in_flight(&service).await;
    witness
        .ends_well(&format!("{sent} streams without end"), &service, 24)
        .await;
}

/// A header is put into the table of the connection once, and named a thousand times in a few bytes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_small_head_that_unpacks_to_a_large_one() {
    let service = sandbox().start().await;
    let witness = Witness::of(&service).await;
    let mut wire = Wire::open(&service.address, &[]).await;
    let mut block = head("GET", "/text");
    // With incremental indexing: name `x`, value of 3,900 bytes (a table has 4,096).
    block.extend(b"\x40\x01x\x7f\xbd\x1d");
    block.extend([b'y'; 3900]);
    // The newest entry of the table, which is number 62: 10,000 times 3,900 bytes.
    block.extend([0xbe; 10_000]);
    wire.write(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &block))
        .await
        .unwrap();
    let refused = wire
        .until(|frame| matches!(frame.kind, GOAWAY | RST_STREAM | HEADERS))
        .await;
    if let Ok(frames) = refused {
        let last = frames.last().unwrap();
        // 431 of the static table is not there; 200 (0x88) would be an answer.
        assert_ne!(last.payload.first(), Some(&0x88), "it was served: {last:?}");
    }
    witness
        .ends_well("39 MB of headers in 14 KB", &service, 8)
        .await;
}
