//! How long a connection may be idle, and how long a head may take on one that was.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::{LIMIT, Sandbox, Service};
use crate::http::{Connection, Request};

/// How long it takes until the server closes the connection, without a word.
async fn closed_after(connection: &mut Connection, since: Instant) -> Duration {
    connection.closed().await.unwrap();
    since.elapsed()
}

async fn answered(service: &Service, target: &str) -> Connection {
    let mut connection = service.connect().await;
    let answer = connection.send(&Request::get(target)).await.unwrap();
    assert_eq!(answer.status, 200);
    connection
}

#[tokio::test]
async fn an_idle_connection_is_kept_for_its_time() {
    let service = Sandbox::new()
        .env("APP_SERVER__HEADER_READ_TIMEOUT", "300ms")
        .env("APP_SERVER__KEEP_ALIVE_TIMEOUT", "2s")
        .start()
        .await;
    let mut connection = answered(&service, "/text").await;
    // For longer than a head may take, again and again, and also while a request is answered.
    for target in ["/text", "/sleep?ms=2500", "/text", "/text"] {
        tokio::time::sleep(Duration::from_millis(1000)).await;
        let answer = connection.send(&Request::get(target)).await.unwrap();
        assert_eq!(answer.status, 200);
    }
    let took = closed_after(&mut connection, Instant::now()).await;
    assert!(
        took >= Duration::from_millis(1900) && took < LIMIT,
        "{took:?}"
    );

    // A body that was read does not count as the beginning of a head.
    let mut connection = service.connect().await;
    let upload = Request::post("/bytes").body(vec![0; 300_000]);
    assert_eq!(connection.send(&upload).await.unwrap().status, 200);
    let took = closed_after(&mut connection, Instant::now()).await;
    assert!(
        took >= Duration::from_millis(1900) && took < LIMIT,
        "{took:?}"
    );
}

/// The time for a head begins with its first byte, on a connection that has been idle as on any other.
#[tokio::test]
async fn a_head_after_idleness_has_the_time_of_a_head() {
    let service = Sandbox::new()
        .env("APP_SERVER__HEADER_READ_TIMEOUT", "500ms")
        .env("APP_SERVER__KEEP_ALIVE_TIMEOUT", "1h")
        .start()
        .await;
    let mut connection = answered(&service, "/sleep?ms=700").await;
    tokio::time::sleep(Duration::from_millis(700)).await;
    // In pieces, but in time.
    for piece in ["GET /te", "xt HTTP/1.1\r\nhost: x\r\n", "\r\n"] {
        tokio::time::sleep(Duration::from_millis(100)).await;
        connection.write(piece.as_bytes()).await.unwrap();
    }
    assert_eq!(connection.answer("GET").await.unwrap().text(), "hello");
    tokio::time::sleep(Duration::from_millis(700)).await;
    let at = Instant::now();
    connection
        .write(b"GET /text HTTP/1.1\r\nhost: x\r\nx-slow: ")
        .await
        .unwrap();
    let took = closed_after(&mut connection, at).await;
    assert!(
        took >= Duration::from_millis(450) && took < Duration::from_secs(8),
        "{took:?}"
    );
}

/// Byte by byte, as a client does that wants to stay for as long as it can.
#[tokio::test]
async fn bytes_of_a_head_buy_no_time() {
    let service = Sandbox::new()
        .env("APP_SERVER__HEADER_READ_TIMEOUT", "1s")
        .start()
        .await;
    for mut connection in [service.connect().await, answered(&service, "/text").await] {
        let at = Instant::now();
        let head = format!("GET /text HTTP/1.1\r\nx-slow: {}", "y".repeat(1000));
        for byte in head.as_bytes() {
            if connection.write(&[*byte]).await.is_err() || at.elapsed() > LIMIT {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let took = at.elapsed();
        assert!(
            took >= Duration::from_millis(900) && took < Duration::from_secs(8),
            "{took:?}"
        );
    }
}

/// Who reads slowly is not idle: hyper has had the whole answer for long, and a part of it waits for the client.
#[tokio::test]
async fn an_answer_that_is_read_slowly_is_no_idleness() {
    const BYTES: usize = 30_000_000;
    let service = Sandbox::new()
        .env("APP_SERVER__KEEP_ALIVE_TIMEOUT", "500ms")
        .env("APP_SERVER__HEADER_READ_TIMEOUT", "500ms")
        .start()
        .await;
    let mut stream = TcpStream::connect(&service.address).await.unwrap();
    let at = Instant::now();
    let request =
        format!("GET /large?bytes={BYTES} HTTP/1.1\r\nhost: x\r\nx-request-id: slowly\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut piece = vec![0; 300_000];
    let mut received = 0;
    while received < BYTES {
        let read = tokio::time::timeout(LIMIT, stream.read(&mut piece)).await;
        let read = read.unwrap().unwrap();
        assert_ne!(read, 0, "cut off after {received} bytes");
        received += read;
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    let took = at.elapsed();
    assert!(took > Duration::from_secs(2), "{took:?}");
    // And it is over when the client has it, but for what the operating system holds.
    let line = service.access_line("slowly").await;
    assert_eq!(line["bytes"], BYTES);
    assert!(line["duration_ms"].as_f64().unwrap() > 1000.0, "{line}");
    // From then on it is idle.
    let closed = tokio::time::timeout(LIMIT, stream.read(&mut piece)).await;
    assert_eq!(closed.unwrap().unwrap(), 0);
}
