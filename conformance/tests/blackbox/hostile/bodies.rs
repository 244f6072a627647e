//! Bodies and heads without end.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::Witness;
use crate::harness::{LIMIT, Sandbox, Service};
use crate::http::Connection;

/// What a client that goes on sending has learned, and how much it got rid of.
struct Outcome {
    status: Option<u16>,
    sent: u64,
}

/// Sends `beginning`, and then `piece` again and again, up to `total` bytes, until the server answers or closes.
async fn pour(mut connection: Connection, beginning: &[u8], piece: &[u8], total: u64) -> Outcome {
    let at = Instant::now();
    let mut sent = beginning.len() as u64;
    let mut open = connection.write(beginning).await.is_ok();
    while open && sent < total && !connection.has_something() && at.elapsed() < LIMIT {
        open = connection.write(piece).await.is_ok();
        sent += piece.len() as u64;
    }
    let status = connection
        .answer("POST")
        .await
        .ok()
        .map(|answer| answer.status);
    Outcome { status, sent }
}

const GIB: u64 = 1 << 30;

async fn attack(service: &Service, clients: usize, beginning: &str, piece: &[u8]) -> Vec<Outcome> {
    let mut running = JoinSet::new();
    for _ in 0..clients {
        let connection = service.connect().await;
        let (beginning, piece) = (beginning.to_owned(), piece.to_vec());
        running.spawn(async move { pour(connection, beginning.as_bytes(), &piece, GIB).await });
    }
    running.join_all().await
}

/// Against the limit of 2 MiB. Who says so beforehand is refused before anything of it is read; who does not, when it is too
/// much. Either sees the answer, although it is still sending.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gibibyte_against_two_mebibytes() {
    let service = Sandbox::new().start().await;
    let mut chunk = b"10000\r\n".to_vec();
    chunk.extend([b'x'; 0x10000]);
    chunk.extend(b"\r\n");
    for (what, beginning, piece) in [
        (
            "declared",
            format!("content-length: {GIB}"),
            vec![b'x'; 0x10000],
        ),
        ("chunked", "transfer-encoding: chunked".to_owned(), chunk),
    ] {
        for target in ["/bytes", "/mounted/echo"] {
            let witness = Witness::of(&service).await;
            let head = format!(
                "POST {target} HTTP/1.1\r\nhost: service.test\r\ncontent-type: application/json\r\n{beginning}\r\n\r\n"
            );
            let outcomes = attack(&service, 20, &head, &piece).await;
            let most = outcomes.iter().map(|outcome| outcome.sent).max().unwrap();
            for outcome in outcomes {
                assert_eq!(
                    outcome.status,
                    Some(413),
                    "{what} {target}, {} sent",
                    outcome.sent
                );
            }
            // What is in the buffers of both sides, besides what was read.
            assert!(most < 32 << 20, "{what} {target}: {most} bytes were taken");
            let what =
                format!("20 bodies of 1 GiB, {what}, to {target}, {most} bytes taken at most");
            witness.ends_well(&what, &service, 90).await;
        }
    }
}

/// One header without end, and headers without end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heads_without_end() {
    let service = Sandbox::new().start().await;
    let long = vec![b'x'; 16 * 1024];
    let mut many = Vec::new();
    for number in 0..1000 {
        many.extend(format!("x-{number}: 1\r\n").into_bytes());
    }
    for (what, beginning, piece) in [
        (
            "one header",
            "GET /text HTTP/1.1\r\nhost: x\r\nx-long: ",
            &long,
        ),
        ("many headers", "GET /text HTTP/1.1\r\nhost: x\r\n", &many),
        ("a path", "GET /", &long),
        ("a method", "", &long),
        (
            "trailers",
            "POST /bytes HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n",
            &many,
        ),
        (
            "an extension of a chunk",
            "POST /bytes HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1;",
            &long,
        ),
    ] {
        let witness = Witness::of(&service).await;
        let outcomes = attack(&service, 50, beginning, piece).await;
        let most = outcomes.iter().map(|outcome| outcome.sent).max().unwrap();
        for outcome in outcomes {
            assert!(
                matches!(outcome.status, Some(400 | 414 | 431) | None),
                "{what}: {:?}",
                outcome.status
            );
        }
        assert!(most < 16 << 20, "{what}: {most} bytes were taken");
        let what = format!("50 times {what} without end, {most} bytes taken at most");
        witness.ends_well(&what, &service, 24).await;
    }
}

/// Hundreds that are all just below the limits, at the same time, and stay there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_much_as_is_allowed_from_many_clients() {
    let service = Sandbox::new().start().await;
    let witness = Witness::of(&service).await;
    let mut held = Vec::new();
    for _ in 0..200 {
        let mut connection = service.connect().await;
        let mut head = b"GET /text HTTP/1.1\r\nhost: x\r\nx-large: ".to_vec();
        head.resize(60 * 1024, b'x');
        connection.write(&head).await.unwrap();
        held.push(connection);
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    // 200 times 64 KiB are 12.5 MiB.
    witness.ends_well("200 heads of 60 KiB", &service, 32).await;
}
