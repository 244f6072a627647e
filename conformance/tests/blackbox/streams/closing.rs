//! How a WebSocket is closed while the service goes on: by its handler, by a failure, by a client that breaks a rule.

use tokio::io::AsyncWriteExt as _;
use tokio_tungstenite::tungstenite::Message;

use super::{CUT, Socket, becomes};
use crate::harness::Sandbox;

#[tokio::test]
async fn a_handler_closes_with_a_code_of_its_own() {
    let service = Sandbox::new().start().await;
    let mut socket = Socket::open(&service, "/ws/echo").await.unwrap();
    socket.send("close").await;
    let (code, reason) = socket.closed().await;
    assert_eq!(code, 4001);
    assert_eq!(reason, &"as you wish".repeat(20)[..123]);
}

#[tokio::test]
async fn failures_of_handlers_close_with_1011_and_are_logged_and_nothing_else() {
    let service = Sandbox::new().start().await;
    let mut failing = Socket::open(&service, "/ws/echo").await.unwrap();
    failing.send("fail").await;
    assert_eq!(failing.closed().await, (1011, String::new()));
    let line = service
        .log_line("the error", |line| {
            line["message"] == "the handler of a stream failed"
        })
        .await;
    assert_eq!(line["request_id"], failing.id.as_str());
    assert_eq!(line["error"], "the secret internals of a socket");

    let mut panicking = Socket::open(&service, "/ws/echo").await.unwrap();
    panicking.send("panic").await;
    assert_eq!(panicking.closed().await, (1011, String::new()));
    let line = service
        .log_line("the panic", |line| line["target"] == "panic")
        .await;
    assert_eq!(line["request_id"], panicking.id.as_str());
    assert_eq!(service.metrics().await.sum("panics_total", &[]), 1.0);
    assert_eq!(service.stop().await.code, Some(0));
}

#[tokio::test]
async fn a_message_that_is_too_large_closes_with_1009() {
    let service = Sandbox::new()
        .env("APP_WEBSOCKET__MAX_MESSAGE_SIZE", "1KiB")
        .start()
        .await;
    let mut socket = Socket::open(&service, "/ws/echo").await.unwrap();
    let fits = "x".repeat(1024);
    socket.send(&fits).await;
    assert_eq!(socket.text().await, fits);
    socket.send(&"x".repeat(1025)).await;
    match socket.next().await {
        Some(Ok(Message::Close(Some(frame)))) => {
            assert_eq!(u16::from(frame.code), 1009);
            assert_eq!(frame.reason, "the message is too large");
        }
        other => panic!("{other:?}"),
    }
    becomes(
        &service,
        CUT,
        &[("kind", "websocket"), ("reason", "too_large")],
        1.0,
    )
    .await;
}

/// In an axum router, and with a limit of its own.
#[tokio::test]
async fn a_mounted_handler_has_the_same_limits() {
    let service = Sandbox::new().start().await;
    let mut socket = Socket::open(&service, "/mounted/ws").await.unwrap();
    socket.send("hello").await;
    assert_eq!(socket.text().await, "hello");
    socket.send("hello!").await;
    match socket.next().await {
        Some(Ok(Message::Close(Some(frame)))) => assert_eq!(u16::from(frame.code), 1009),
        other => panic!("{other:?}"),
    }
    let line = service.access_line(&socket.id).await;
    assert_eq!(line["route"], "/mounted/ws");
    // Nobody is left behind who would have to be cut off.
    assert_eq!(service.stop().await.code, Some(0));
}

#[tokio::test]
async fn what_breaks_the_protocol_is_closed_with_its_code() {
    let service = Sandbox::new().start().await;
    for (what, bytes, code) in [
        ("a frame that is not masked", &[0x81, 0x01, b'x'][..], 1002),
        (
            "an opcode that nobody knows",
            &[0x83, 0x80, 0, 0, 0, 0],
            1002,
        ),
        (
            "a text that is not UTF-8",
            &[0x81, 0x81, 0, 0, 0, 0, 0xff],
            1007,
        ),
    ] {
        let mut socket = Socket::open(&service, "/ws/echo").await.unwrap();
        socket.stream.get_mut().write_all(bytes).await.unwrap();
        match socket.next().await {
            Some(Ok(Message::Close(Some(frame)))) => {
                assert_eq!(u16::from(frame.code), code, "{what}");
            }
            other => panic!("{what}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn limits_that_make_no_sense_are_reported_together() {
    let exit = Sandbox::new()
        .env("APP_WEBSOCKET__PING_INTERVAL", "30s")
        .env("APP_WEBSOCKET__IDLE_TIMEOUT", "30s")
        .env("APP_WEBSOCKET__QUEUE", "0")
        .env("APP_SSE__MAX_OPEN", "0")
        .env("APP_SSE__KEEP_ALIVE", "0s")
        .env("APP_SERVER__WRITE_TIMEOUT", "0s")
        .run(&["check"])
        .await;
    assert_eq!(exit.code, Some(78), "{exit:?}");
    for line in [
        "websocket.idle_timeout: expected more than websocket.ping_interval",
        "websocket.queue: expected at least 1",
        "sse.max_open: expected at least 1",
        "sse.keep_alive: expected more than zero",
        "server.write_timeout: expected more than zero",
    ] {
        assert!(exit.stderr.contains(line), "{line}\n{}", exit.stderr);
    }
}
