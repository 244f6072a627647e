//! Streams of HTTP/2 whose window stays closed. The socket sees nothing of that: it takes what other streams send.

use std::time::{Duration, Instant};

use super::Witness;
use crate::frames::{DATA, HEADERS, INITIAL_WINDOW, RST_STREAM, Wire, get, window_update};
use crate::harness::{LIMIT, Sandbox, eventually};
use crate::http::Request;

const CANCEL: u32 = 8;

fn sandbox() -> Sandbox {
    Sandbox::new().env("APP_SERVER__WRITE_TIMEOUT", "1s")
}

/// With a window of nothing, of less than a frame, and of a little more than one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_may_not_send_is_given_up() {
    let service = sandbox().start().await;
    let mut given_up = 0.0;
    for window in [0, 1, 20_000] {
        let witness = Witness::of(&service).await;
        let mut wire = Wire::open(&service.address, &[(INITIAL_WINDOW, window)]).await;
        let at = Instant::now();
        let streams: Vec<u32> = (0..50).map(|number| 2 * number + 1).collect();
        for stream in &streams {
            let target = match stream % 4 {
                1 => "/large?bytes=1000000",
                _ => "/stream?pieces=100000&ms=0",
            };
            wire.write(&get(*stream, target)).await.unwrap();
        }
        // One of the same connection is let through.
        wire.write(&get(201, "/large?bytes=30000")).await.unwrap();
        wire.write(&window_update(201, 100_000)).await.unwrap();
        wire.write(&window_update(0, 10_000_000)).await.unwrap();
        let mut left = streams.len();
        let mut received = 0;
        let frames = wire
            .until(|frame| {
                left -= usize::from(frame.kind == RST_STREAM);
                if frame.kind == DATA && frame.stream == 201 {
                    received += frame.payload.len();
                }
                left == 0
            })
            .await
            .unwrap();
        let took = at.elapsed();
        assert_eq!(received, 30_000);
        assert!(
            took >= Duration::from_millis(900) && took < LIMIT,
            "{took:?}"
        );
        for stream in streams {
            let of_it: Vec<_> = frames.iter().filter(|f| f.stream == stream).collect();
            assert_eq!(of_it[0].kind, HEADERS, "{of_it:?}");
            let sent: usize = of_it
                .iter()
                .filter(|frame| frame.kind == DATA)
                .map(|frame| frame.payload.len())
                .sum();
            assert_eq!(sent, window as usize);
            let last = of_it[of_it.len() - 1];
            assert_eq!((last.kind, last.reason()), (RST_STREAM, CANCEL));
        }
        given_up += 50.0;
        let metrics = service.metrics().await;
        let counted = metrics.value("http_server_write_timeouts_total", &[]);
        assert_eq!(counted, Some(given_up));
        eventually("nothing is in flight", async || {
            let metrics = service.metrics().await;
            metrics.value("http_server_active_requests", &[]) == Some(0.0)
        })
        .await;
        // The connection goes on.
        wire.write(&get(203, "/text")).await.unwrap();
        wire.write(&window_update(203, 1000)).await.unwrap();
        wire.until(|frame| frame.stream == 203 && frame.ends_stream())
            .await
            .unwrap();
        witness
            .ends_well(&format!("50 streams, a window of {window}"), &service, 40)
            .await;
    }
}

/// A client that reads, however slowly, is not given up: each piece has the whole time.
#[tokio::test]
async fn a_slow_client_gets_its_answer() {
    let service = sandbox().start().await;
    let mut wire = Wire::open(&service.address, &[(INITIAL_WINDOW, 0)]).await;
    wire.write(&window_update(0, 1_000_000)).await.unwrap();
    wire.write(&get(1, "/large?bytes=100000")).await.unwrap();
    let mut received = 0;
    let at = Instant::now();
    loop {
        let frame = wire.next_of_interest().await.unwrap();
        if frame.kind == DATA {
            received += frame.payload.len();
        }
        assert_ne!(frame.kind, RST_STREAM, "after {received} bytes");
        if frame.ends_stream() {
            break;
        }
        // 16 KiB in half a second, or the end of it.
        tokio::time::sleep(Duration::from_millis(250)).await;
        wire.write(&window_update(1, 8 * 1024)).await.unwrap();
    }
    assert_eq!(received, 100_000);
    assert!(
        at.elapsed() > Duration::from_secs(2),
        "slower than the limit"
    );
}

/// An answer that the application makes slowly waits for nobody but the application.
#[tokio::test]
async fn a_slow_handler_is_not_a_client_that_does_not_read() {
    let service = sandbox().start().await;
    let mut wire = Wire::open(&service.address, &[]).await;
    wire.write(&get(1, "/stream?pieces=2&ms=1500"))
        .await
        .unwrap();
    wire.write(&get(3, "/sleep?ms=2500")).await.unwrap();
    let mut left = 2;
    let frames = wire
        .until(|frame| {
            left -= usize::from(frame.ends_stream());
            left == 0
        })
        .await
        .unwrap();
    assert!(frames.iter().all(|frame| frame.kind != RST_STREAM));
}

/// What is left of an answer when everything of ours is done with it: the last frame, which waits in the connection. When
/// nothing else happens on that, it is idle, told so, and cut off.
#[tokio::test]
async fn the_last_frame_of_an_answer_keeps_no_connection_for_ever() {
    let service = sandbox()
        .env("APP_SERVER__KEEP_ALIVE_TIMEOUT", "1s")
        .start()
        .await;
    let mut wire = Wire::open(&service.address, &[(INITIAL_WINDOW, 1)]).await;
    for stream in [1, 3, 5] {
        wire.write(&get(stream, "/text")).await.unwrap();
    }
    let at = Instant::now();
    while wire.next_of_interest().await.is_ok() {}
    let took = at.elapsed();
    assert!(
        took >= Duration::from_millis(1900) && took < LIMIT,
        "{took:?}"
    );
    eventually("the connection is gone", async || {
        let metrics = service.metrics().await;
        metrics.value("http_server_connections", &[]) == Some(1.0)
    })
    .await;
}

/// Who is refused takes no room, however long the refusal waits to be read.
#[tokio::test]
async fn refusals_that_nobody_reads_take_no_place() {
    let service = Sandbox::new()
        .env("APP_SERVER__MAX_IN_FLIGHT", "1")
        .start()
        .await;
    let mut busy = service.connect().await;
    let sleeps = Request::get("/sleep?ms=500");
    busy.write(&sleeps.bytes()).await.unwrap();
    service
        .log_line("the sleep", |line| line["message"] == "sleeping")
        .await;
    let mut wire = Wire::open(&service.address, &[(INITIAL_WINDOW, 0)]).await;
    for stream in [1, 3, 5] {
        wire.write(&get(stream, "/text")).await.unwrap();
    }
    let mut refused = 0;
    wire.until(|frame| {
        refused += usize::from(frame.kind == HEADERS);
        refused == 3
    })
    .await
    .unwrap();
    assert_eq!(busy.answer("GET").await.unwrap().text(), "slept");
    eventually("there is room", async || {
        service.get("/text").await.status == 200
    })
    .await;
}
