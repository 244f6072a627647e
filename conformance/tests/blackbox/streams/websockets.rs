//! WebSockets while they are open.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_tungstenite::tungstenite::Message;

use super::{CUT, OPEN, Socket, becomes, refusal};
use crate::harness::{Sandbox, within};
use crate::http::Request;

const SOCKETS: &[(&str, &str)] = &[("kind", "websocket")];

/// Browsers let any page open a WebSocket to any host, and send the cookies of that host along.
#[tokio::test]
async fn pages_of_other_origins_are_refused() {
    let service = Sandbox::new()
        .env(
            "APP_WEBSOCKET__ALLOWED_ORIGINS",
            "https://app.example,https://*.shop.example",
        )
        .start()
        .await;
    let own = format!("http://{}", service.address);
    for (origin, status) in [
        (None, 101),
        (Some(&*own), 101),
        (Some("https://app.example"), 101),
        (Some("https://admin.shop.example"), 101),
        (Some("https://evil.example"), 403),
        (Some("http://app.example"), 403),
        (Some("https://app.example.evil.example"), 403),
        (Some("null"), 403),
    ] {
        let mut request = format!(
            "GET /ws/echo HTTP/1.1\r\nhost: {}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
            service.address
        );
        if let Some(origin) = origin {
            request += &format!("origin: {origin}\r\n");
        }
        let mut connection = service.connect().await;
        connection
            .write(format!("{request}\r\n").as_bytes())
            .await
            .unwrap();
        let answer = connection.head().await.unwrap();
        assert_eq!(answer.status, status, "{origin:?}: {answer:?}");
    }
    let line = service
        .log_line("a warning", |line| {
            line["message"]
                .as_str()
                .is_some_and(|message| message.contains("websocket.allowed_origins"))
        })
        .await;
    assert_eq!(line["level"], "WARN");
}

#[tokio::test]
async fn messages_come_back_and_the_request_is_over_with_the_socket() {
    let service = Sandbox::new()
        .env("APP_SERVER__MAX_IN_FLIGHT", "1")
        .env("APP_SERVER__REQUEST_TIMEOUT", "100ms")
        .start()
        .await;
    let mut socket = Socket::open(&service, "/ws/echo").await.unwrap();
    assert_eq!(socket.protocol.as_deref(), Some("echo.v1"));
    for text in ["hello", "", "grüß dich", &"x".repeat(100_000)] {
        socket.send(text).await;
        assert_eq!(socket.text().await, text);
    }
    socket
        .stream
        .send(Message::Binary(vec![7; 70_000].into()))
        .await
        .unwrap();
    assert_eq!(
        socket.next().await.unwrap().unwrap(),
        Message::Binary(vec![7; 70_000].into())
    );
    // Longer than a request may take, and with the one place in flight for others.
    tokio::time::sleep(Duration::from_millis(150)).await;
    let metrics = service.metrics().await;
    assert_eq!(metrics.sum(OPEN, SOCKETS), 1.0);
    assert_eq!(metrics.sum("http_server_active_requests", &[]), 0.0);
    assert!(
        metrics.sum("http_server_connections", &[]) >= 2.0,
        "it is one of them"
    );
    assert_eq!(service.get("/text").await.status, 200);
    socket.send("still there").await;
    assert_eq!(socket.text().await, "still there");

    socket.stream.close(None).await.unwrap();
    assert!(matches!(
        socket.next().await,
        Some(Ok(Message::Close(None)))
    ));
    assert!(socket.next().await.is_none());
    let line = service.access_line(&socket.id).await;
    assert_eq!(line["status"], 101);
    assert_eq!(line["route"], "/ws/echo");
    assert!(line["duration_ms"].as_f64().unwrap() > 150.0, "{line}");
    assert!(line["bytes"].as_u64().unwrap() > 170_000, "{line}");
    assert!(line.get("aborted").is_none(), "{line}");
    let opened = service
        .log_line("the handler's line", |line| {
            line["message"] == "a socket is open"
        })
        .await;
    assert_eq!(opened["request_id"], socket.id.as_str());
    becomes(&service, OPEN, SOCKETS, 0.0).await;
    assert_eq!(service.metrics().await.unexplained(), [""; 0]);
}

#[tokio::test]
async fn a_request_that_does_not_upgrade_is_told_how() {
    let service = Sandbox::new().start().await;
    for target in ["/ws/echo", "/ws/plain"] {
        let answer = service.get(target).await;
        let expected = if target == "/ws/echo" { 426 } else { 400 };
        assert_eq!(answer.status, expected, "{answer:?}");
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json")
        );
    }
    let answer = service.get("/ws/echo").await;
    assert_eq!(answer.header("upgrade"), Some("websocket"));
    assert_eq!(answer.json()["detail"], "this is a WebSocket");
    let old = Request::get("/ws/echo")
        .header("connection", "upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .header("sec-websocket-version", "8");
    assert_eq!(service.send(old).await.status, 400);
}

#[tokio::test]
async fn one_more_than_may_be_open_gets_503() {
    let service = Sandbox::new()
        .env("APP_WEBSOCKET__MAX_OPEN", "2")
        .start()
        .await;
    // Whoever made them.
    let mut ours = Socket::open(&service, "/ws/echo").await.unwrap();
    let _plain = Socket::open(&service, "/ws/plain").await.unwrap();
    for path in ["/ws/echo", "/ws/plain"] {
        let refused = refusal(Socket::open(&service, path).await);
        assert_eq!(refused, (503, Some("10".to_owned())), "{path}");
    }
    let metrics = service.metrics().await;
    assert_eq!(
        metrics.sum("http_server_streams_refused_total", SOCKETS),
        2.0
    );
    assert_eq!(metrics.sum(OPEN, SOCKETS), 2.0);
    ours.stream.close(None).await.unwrap();
    while ours.next().await.is_some() {}
    becomes(&service, OPEN, SOCKETS, 1.0).await;
    let mut next = Socket::open(&service, "/ws/echo").await.unwrap();
    next.send("hello").await;
    assert_eq!(next.text().await, "hello");
}

/// A connection that was upgraded is still a connection.
#[tokio::test]
async fn sockets_count_as_connections() {
    let service = Sandbox::new()
        .env("APP_SERVER__MAX_CONNECTIONS", "1")
        .env("APP_MANAGEMENT__PORT", "0")
        .start()
        .await;
    let mut socket = Socket::open(&service, "/ws/plain").await.unwrap();
    let mut waiting = service.connect().await;
    waiting.write(&Request::get("/text").bytes()).await.unwrap();
    socket.send("hello").await;
    assert_eq!(socket.text().await, "hello");
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!waiting.is_closed());
    socket.stream.close(None).await.unwrap();
    while socket.next().await.is_some() {}
    drop(socket);
    assert_eq!(waiting.answer("GET").await.unwrap().text(), "hello");
}

#[tokio::test]
async fn a_client_that_answers_pings_stays_and_one_that_does_not_is_cut_off() {
    let service = Sandbox::new()
        .env("APP_WEBSOCKET__PING_INTERVAL", "100ms")
        .env("APP_WEBSOCKET__IDLE_TIMEOUT", "1500ms")
        .start()
        .await;
    let mut silent = Socket::open(&service, "/ws/echo").await.unwrap();
    let mut answering = Socket::open(&service, "/ws/echo").await.unwrap();
    // Whoever reads answers, since tungstenite does that by itself.
    let until = tokio::time::sleep(Duration::from_millis(3000));
    tokio::pin!(until);
    let mut pings = 0;
    loop {
        tokio::select! {
            () = &mut until => break,
            message = answering.stream.next() => match message {
                Some(Ok(Message::Ping(_))) => pings += 1,
                other => panic!("{other:?}"),
            },
        }
    }
    assert!(pings >= 3, "{pings}");
    answering.send("still there").await;
    assert_eq!(answering.text().await, "still there");

    becomes(
        &service,
        CUT,
        &[("kind", "websocket"), ("reason", "silent")],
        1.0,
    )
    .await;
    becomes(&service, OPEN, SOCKETS, 1.0).await;
    // What is left of it are the pings, and the end.
    let left = async { while let Some(Ok(Message::Ping(_))) = silent.stream.next().await {} };
    within("the end of the silent one", left).await;
}

/// The handler waits for the client, in a queue that is bounded, and the client is given up.
#[tokio::test]
async fn a_client_that_never_reads_is_cut_off() {
    let service = Sandbox::new()
        .env("APP_SERVER__WRITE_TIMEOUT", "500ms")
        .env("APP_WEBSOCKET__QUEUE", "4")
        .start()
        .await;
    let socket = Socket::open(&service, "/ws/flood").await.unwrap();
    let queue = service
        .log_line("the queue", |line| line["message"] == "queue")
        .await;
    assert_eq!(
        (&queue["queued"], &queue["full"]),
        (&4.into(), &true.into())
    );
    service
        .log_line("the end of it", |line| line["message"] == "cut off")
        .await;
    becomes(&service, OPEN, SOCKETS, 0.0).await;
    let metrics = service.metrics().await;
    assert_eq!(metrics.sum("http_server_write_timeouts_total", &[]), 1.0);
    let line = service.access_line(&socket.id).await;
    assert_eq!(line["aborted"], true, "{line}");
}

/// Nobody waits in a read for what a client that has gone might say.
#[tokio::test]
async fn a_client_that_goes_away_ends_the_handler() {
    let service = Sandbox::new().journal().start().await;
    let socket = Socket::open(&service, "/ws/echo").await.unwrap();
    drop(socket);
    crate::harness::eventually("the handler ends", async || {
        service.journal().contains(&"a socket is closed".to_owned())
    })
    .await;
    becomes(&service, OPEN, SOCKETS, 0.0).await;
}

/// Bytes in both directions at once: neither side waits for the other to read.
#[tokio::test]
async fn both_directions_go_at_the_same_time() {
    let service = Sandbox::new().start().await;
    let socket = Socket::open(&service, "/ws/echo").await.unwrap();
    let (mut sink, mut stream) = socket.stream.split();
    let sending = async {
        for number in 0..200_u8 {
            let message = Message::Binary(vec![number; 50_000].into());
            sink.send(message).await.unwrap();
        }
    };
    let receiving = async {
        for number in 0..200_u8 {
            let message = stream.next().await.unwrap().unwrap();
            assert_eq!(message, Message::Binary(vec![number; 50_000].into()));
        }
    };
    within("all of them", async { tokio::join!(sending, receiving) }).await;
}

/// The bytes of a frame may come one at a time, and in the packet of the handshake.
#[tokio::test]
async fn frames_in_pieces_and_with_the_handshake() {
    let service = Sandbox::new().start().await;
    let mut tcp = tokio::net::TcpStream::connect(&service.address)
        .await
        .unwrap();
    let mut bytes = Request::get("/ws/echo")
        .header("connection", "keep-alive, Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .header("sec-websocket-version", "13")
        .bytes();
    // "Hi", masked with zeros.
    bytes.extend([0x81, 0x82, 0, 0, 0, 0, b'H', b'i']);
    tcp.write_all(&bytes).await.unwrap();
    for byte in [0x81, 0x82, 0, 0, 0, 0, b'H', b'o'] {
        tcp.write_all(&[byte]).await.unwrap();
        tokio::task::yield_now().await;
    }
    let mut read = Vec::new();
    within("both answers", async {
        while !read.ends_with(&[0x81, 2, b'H', b'i', 0x81, 2, b'H', b'o']) {
            assert!(tcp.read_buf(&mut read).await.unwrap() > 0, "{read:?}");
        }
    })
    .await;
    // RFC 6455, section 1.3.
    assert!(
        String::from_utf8_lossy(&read)
            .contains("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    );
}
