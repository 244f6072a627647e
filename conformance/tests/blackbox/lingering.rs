//! A client that first writes all of its request and reads only then sees the answer, also when that was given long before. Closing
//! a socket with unread bytes would make the kernel send a reset, on which a client's next write fails.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::harness::{LIMIT, Sandbox, Service, eventually};
use crate::http::Request;

/// More than the limit of the body and what the sockets of both sides hold; less than what the server throws away.
const SIZE: usize = 12 << 20;

/// Writes everything, then reads everything. The client does not so much as look at the answer before.
async fn stubborn(service: &Service, head: String, chunked: bool) -> std::io::Result<String> {
    let address = service.address.clone();
    let exchange = move || {
        let mut stream = TcpStream::connect(address)?;
        stream.set_write_timeout(Some(LIMIT))?;
        stream.set_read_timeout(Some(LIMIT))?;
        stream.write_all(head.as_bytes())?;
        let piece = vec![b'x'; 0x10000];
        for _ in 0..SIZE / piece.len() {
            if chunked {
                stream.write_all(b"10000\r\n")?;
            }
            stream.write_all(&piece)?;
            if chunked {
                stream.write_all(b"\r\n")?;
            }
        }
        if chunked {
            stream.write_all(b"0\r\n\r\n")?;
        }
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    tokio::task::spawn_blocking(exchange).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_came_early_is_read_late() {
    let service = Sandbox::new().start().await;
    for chunked in [false, true] {
        let length = match chunked {
            true => "transfer-encoding: chunked".to_owned(),
            false => format!("content-length: {SIZE}"),
        };
        for (target, status) in [
            ("/bytes", 413),
            ("/mounted/echo", 413),
            ("/bounded/upload", 413),
            ("/guarded/orders", if chunked { 401 } else { 413 }),
            ("/nowhere", if chunked { 404 } else { 413 }),
        ] {
            let head = format!(
                "POST {target} HTTP/1.1\r\nhost: service.test\r\ncontent-type: application/json\r\n{length}\r\n\r\n"
            );
            let answer = stubborn(&service, head, chunked).await;
            let answer = answer.unwrap_or_else(|error| panic!("{target}, {length}: {error}"));
            let expected = format!("HTTP/1.1 {status} ");
            assert!(
                answer.starts_with(&expected),
                "{target}, {length}: {answer}"
            );
            assert!(answer.ends_with('}'), "all of it: {answer}");
        }
    }
}

async fn open_connections(service: &Service) -> f64 {
    let metrics = service.metrics().await;
    metrics.value("http_server_connections", &[]).unwrap()
}

/// The server waits for no client for long: neither for one that stays and says nothing, nor for one that never ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_waited_for_without_end() {
    let service = Sandbox::new().start().await;
    let request = Request::post("/bytes").header("content-length", "1000000000");
    let mut silent = service.connect().await;
    silent.write(&request.bytes()).await.unwrap();
    assert_eq!(silent.answer("POST").await.unwrap().status, 413);
    silent.closed().await.unwrap();
    // The one that asks is open as well.
    eventually("the end of a silent client", async || {
        open_connections(&service).await < 2.0
    })
    .await;

    let mut endless = service.connect().await;
    endless.write(&request.bytes()).await.unwrap();
    let at = Instant::now();
    let piece = vec![b'x'; 0x10000];
    let mut sent = 0;
    while endless.write(&piece).await.is_ok() {
        sent += piece.len();
        assert!(
            sent < 64 << 20 && at.elapsed() < LIMIT,
            "{sent} bytes taken"
        );
    }
    assert!(sent > 8 << 20, "cut off after {sent} bytes");
    eventually("the end of an endless client", async || {
        open_connections(&service).await < 2.0
    })
    .await;
}

/// A connection that is closed in order is closed at once, and a stop waits for nobody who has been answered.
#[tokio::test]
async fn an_end_in_order_takes_no_time() {
    let service = Sandbox::new()
        .env("APP_LIFECYCLE__DRAIN_DELAY", "0s")
        .start()
        .await;
    let close = Request::get("/text").header("connection", "close");
    let mut connection = service.connect().await;
    assert_eq!(connection.send(&close).await.unwrap().status, 200);
    connection.closed().await.unwrap();
    eventually("the end of the connection", async || {
        open_connections(&service).await < 2.0
    })
    .await;
    let mut idle = service.connect().await;
    assert_eq!(idle.send(&Request::get("/text")).await.unwrap().status, 200);
    let at = Instant::now();
    let exit = service.stop().await;
    assert_eq!(exit.code, Some(0), "{exit:?}");
    let took = exit.at - at;
    assert!(took < Duration::from_secs(5), "{took:?}");
}
