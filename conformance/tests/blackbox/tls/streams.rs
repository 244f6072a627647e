//! Streams on encrypted connections, where what is written is not on its way before it is flushed.

use rustix::process::Signal;

use super::{Authority, Client, connect, encrypted, metric};
use crate::http::Request;
use crate::streams::Socket;

#[tokio::test]
async fn sockets_and_event_streams_end_with_the_service() {
    let authority = Authority::new();
    let client = Client::trusting(&authority);
    let service = encrypted(&authority.issue()).start().await;
    let mut sockets = Vec::new();
    for path in ["/ws/echo", "/ws/plain"] {
        let tls = client.connect(&service.address).await.unwrap();
        let mut socket = Socket::over(tls, path).await.unwrap();
        socket.send("hello").await;
        assert_eq!(socket.text().await, "hello");
        sockets.push(socket);
    }
    let mut events = connect(&client, &service).await.unwrap();
    events
        .write(&Request::get("/sse/numbers?ms=20").bytes())
        .await
        .unwrap();
    assert_eq!(events.head().await.unwrap().status, 200);
    assert_eq!(events.chunk().await.unwrap().unwrap(), b"data: 0\n\n");
    service.signal(Signal::TERM);
    assert_eq!(sockets[0].text().await, "goodbye");
    for socket in &mut sockets {
        assert_eq!(socket.closed().await.0, 1001);
    }
    while events.chunk().await.unwrap().is_some() {}
    let exit = service.exit().await;
    assert_eq!(exit.code, Some(0), "{exit:?}");
}

/// TLS takes what is written, and keeps it: a client that does not read is known by the flush.
#[tokio::test]
async fn a_client_that_never_reads_is_cut_off() {
    let authority = Authority::new();
    let client = Client::trusting(&authority);
    let service = encrypted(&authority.issue())
        .env("APP_SERVER__WRITE_TIMEOUT", "500ms")
        .start()
        .await;
    let mut socket = Socket::over(client.connect(&service.address).await.unwrap(), "/ws/flood")
        .await
        .unwrap();
    service
        .log_line("the end of it", |line| line["message"] == "cut off")
        .await;
    let mut events = connect(&client, &service).await.unwrap();
    let request = Request::get("/sse/flood").header("x-request-id", "stalled");
    events.write(&request.bytes()).await.unwrap();
    let line = service.access_line("stalled").await;
    assert_eq!(line["aborted"], true, "{line}");
    let timeouts = metric(&service, "http_server_write_timeouts_total", &[]).await;
    assert_eq!(timeouts, 2.0);
    // What it finds when it looks at last is not the end of a stream.
    while let Some(next) = socket.next().await {
        if next.is_err() {
            return;
        }
    }
    panic!("the socket ended in order");
}

/// As without TLS: who writes all of a body that is too large, and reads only then, finds the answer and an end in order.
#[tokio::test]
async fn an_answer_that_came_early_is_read_late() {
    let authority = Authority::new();
    let client = Client::trusting(&authority);
    let service = encrypted(&authority.issue()).start().await;
    // More than the limit and what the sockets hold, less than what the server throws away.
    let large = vec![b'x'; 12 << 20];
    let request = Request::post("/bytes").body(large);
    for request in [request.clone(), request.chunked()] {
        let mut connection = connect(&client, &service).await.unwrap();
        connection.write(&request.bytes()).await.unwrap();
        let answer = connection.answer("POST").await.unwrap();
        assert_eq!(answer.status, 413);
        connection.closed().await.unwrap();
    }
}
