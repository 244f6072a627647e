//! Bodies in pieces as small as can be. What a piece costs besides its bytes must not add up.

use std::time::Duration;

use tokio::task::JoinSet;

use super::Witness;
use crate::frames::{DATA, END_HEADERS, HEADERS, Wire, frame, head};
use crate::harness::Sandbox;

/// One byte at a time, each in a packet of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn packets_of_one_byte() {
    let service = Sandbox::new().start().await;
    let witness = Witness::of(&service).await;
    let mut connection = service.connect().await;
    let head = b"POST /bytes HTTP/1.1\r\nhost: service.test\r\ncontent-length: 1000000\r\n\r\n";
    connection.write(head).await.unwrap();
    for _ in 0..20_000 {
        connection.write(b"x").await.unwrap();
        // So that the service sees it alone.
        tokio::task::yield_now().await;
    }
    witness
        .ends_well("20,000 packets of one byte", &service, 8)
        .await;
}

/// One byte at a time, all of them at once. With a handle for each, and the buffers that they came in, they were 40 bytes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chunks_of_one_byte() {
    const CHUNKS: usize = 30_000;
    let service = Sandbox::new().start().await;
    let witness = Witness::of(&service).await;
    let mut running = JoinSet::new();
    for _ in 0..10 {
        let mut connection = service.connect().await;
        running.spawn(async move {
            let mut request =
                b"POST /bytes HTTP/1.1\r\nhost: service.test\r\ntransfer-encoding: chunked\r\n\r\n"
                    .to_vec();
            request.extend(b"1\r\nx\r\n".repeat(CHUNKS));
            request.extend(b"0\r\n\r\n");
            connection.write(&request).await.unwrap();
            connection.answer("POST").await.unwrap()
        });
    }
    for answer in running.join_all().await {
        assert_eq!(answer.text(), CHUNKS.to_string());
    }
    witness
        .ends_well("10 bodies in 30,000 chunks of one byte", &service, 5)
        .await;
}

/// The same with HTTP/2, to a handler that reads and to one that does not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_of_one_byte_or_none() {
    let service = Sandbox::new().start().await;
    for (what, target, piece) in [
        ("frames of one byte, read", "/bytes", &b"x"[..]),
        ("frames of one byte, not read", "/swallow?ms=5000", b"x"),
        ("frames of nothing, read", "/bytes", b""),
        ("frames of nothing, not read", "/swallow?ms=5000", b""),
    ] {
        let witness = Witness::of(&service).await;
        let mut wire = Wire::open(&service.address, &[]).await;
        wire.write(&frame(HEADERS, END_HEADERS, 1, &head("POST", target)))
            .await
            .unwrap();
        let many = frame(DATA, 0, 1, piece).repeat(1000);
        let mut sent = 0;
        while sent < 500_000 && wire.write(&many).await.is_ok() {
            sent += 1000;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        witness
            .ends_well(&format!("{sent} {what}"), &service, 24)
            .await;
    }
}
