//! The limits: of bodies, of heads, of time, and of how many requests there may be at once.

use std::time::{Duration, Instant};

use crate::harness::{Sandbox, eventually};
use crate::http::Request;
use crate::problems::problem;

#[tokio::test]
async fn a_body_beyond_the_limit_is_a_413() {
    let service = Sandbox::new()
        .env("APP_SERVER__BODY_LIMIT", "1KiB")
        .start()
        .await;
    for target in ["/bytes", "/echo", "/orders", "/mounted/echo"] {
        let request = || Request::post(target).header("content-type", "application/json");
        let large = "x".repeat(2048);
        let answer = service.send(request().body(large.as_str())).await;
        problem(target, &answer, 413);
        let answer = service.send(request().body(large.as_str()).chunked()).await;
        problem(target, &answer, 413);
    }
    let exact = service
        .send(Request::post("/bytes").body(vec![0; 1024]))
        .await;
    assert_eq!(exact.text(), "1024");
    let exact = service
        .send(Request::post("/bytes").body(vec![0; 1024]).chunked())
        .await;
    assert_eq!(exact.text(), "1024");
}

/// A client that says beforehand how much it will send is told so before it does.
#[tokio::test]
async fn a_declared_length_beyond_the_limit_is_refused_before_the_body_comes() {
    let service = Sandbox::new().start().await;
    let mut connection = service.connect().await;
    connection
        .write(b"POST /bytes HTTP/1.1\r\nhost: x\r\ncontent-length: 2097153\r\n\r\n")
        .await
        .unwrap();
    let answer = connection.answer("POST").await.unwrap();
    problem("/bytes", &answer, 413);
}

/// axum has a limit of its own, of 2 MB, which must not get in the way.
#[tokio::test]
async fn the_limit_may_be_larger_than_that_of_axum() {
    let service = Sandbox::new()
        .env("APP_SERVER__BODY_LIMIT", "8MiB")
        .start()
        .await;
    for request in [
        Request::post("/bytes").body(vec![0; 5_000_000]),
        Request::post("/bytes").body(vec![0; 5_000_000]).chunked(),
    ] {
        let answer = service.send(request).await;
        assert_eq!((answer.status, answer.text()), (200, "5000000"));
    }
}

#[tokio::test]
async fn a_request_beyond_its_time_is_a_503() {
    let service = Sandbox::new()
        .env("APP_SERVER__REQUEST_TIMEOUT", "200ms")
        .start()
        .await;
    let at = Instant::now();
    let answer = service.get("/sleep?ms=3600000").await;
    let took = at.elapsed();
    problem("/sleep", &answer, 503);
    assert!(
        took >= Duration::from_millis(200) && took < Duration::from_secs(3),
        "{took:?}"
    );
    // The limit is on the way to the answer, not on sending it.
    let answer = service.get("/stream?pieces=4&ms=100").await;
    assert_eq!(answer.text().lines().count(), 4);
    assert_eq!(service.get("/text").await.status, 200);
}

#[tokio::test]
async fn beyond_the_requests_in_flight_others_are_refused_at_once() {
    let service = Sandbox::new()
        .env("APP_SERVER__MAX_IN_FLIGHT", "2")
        .start()
        .await;
    let mut busy = Vec::new();
    for number in ["one", "two"] {
        let mut connection = service.connect().await;
        connection
            .write(
                &Request::get("/sleep?ms=3600000")
                    .header("x-request-id", number)
                    .bytes(),
            )
            .await
            .unwrap();
        service
            .log_line("a handler at work", |line| {
                line["message"] == "sleeping" && line["request_id"] == number
            })
            .await;
        busy.push(connection);
    }
    for target in ["/text", "/mounted/names/x", "/nowhere"] {
        let at = Instant::now();
        let answer = service.get(target).await;
        assert!(at.elapsed() < Duration::from_secs(1), "{:?}", at.elapsed());
        problem(target, &answer, 503);
        let retry: u32 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!(retry > 0);
    }
    for endpoint in ["/live", "/ready", "/health", "/metrics"] {
        assert_eq!(
            service.get(endpoint).await.status,
            200,
            "whoever watches must see it: {endpoint}"
        );
    }
    assert_eq!(
        service
            .metrics()
            .await
            .value("http_requests_shed_total", &[]),
        Some(3.0)
    );
    // Clients that go away make room.
    drop(busy);
    eventually("there is room again", async || {
        service.get("/text").await.status == 200
    })
    .await;
}

/// Who says nothing, or not enough, must not hold a connection: there are `server.max_connections` of them.
#[tokio::test]
async fn a_client_that_does_not_finish_its_head_is_cut_off() {
    let service = Sandbox::new()
        .env("APP_SERVER__HEADER_READ_TIMEOUT", "300ms")
        .start()
        .await;
    for beginning in [
        "",
        "P",
        "GET",
        "GET /text HTTP/1.1\r\nhost: x\r\nx-slow: ",
        "PRI * HTTP/2.0\r\n\r\n",
    ] {
        let mut slow = service.connect().await;
        let at = Instant::now();
        slow.write(beginning.as_bytes()).await.unwrap();
        // Nothing is answered to half a request, or a 408; then the connection is closed.
        match slow.answer("GET").await {
            Ok(answer) => assert_eq!((answer.status, answer.closes()), (408, true)),
            Err(error) => assert_eq!(
                error.kind(),
                std::io::ErrorKind::UnexpectedEof,
                "{beginning:?}: {error}"
            ),
        }
        let took = at.elapsed();
        assert!(
            took >= Duration::from_millis(250) && took < Duration::from_secs(5),
            "{beginning:?}: {took:?}"
        );
    }
    assert_eq!(service.get("/text").await.status, 200);
}

#[tokio::test]
async fn a_head_beyond_the_limit_is_a_431() {
    let service = Sandbox::new()
        .env("APP_SERVER__HEADER_LIMIT", "8KiB")
        .start()
        .await;
    let mut connection = service.connect().await;
    let request = Request::get("/text").header("x-large", &"x".repeat(9000));
    assert_eq!(connection.send(&request).await.unwrap().status, 431);
    connection.closed().await.unwrap_or(());
    let request = Request::get("/text").header("x-large", &"x".repeat(6000));
    assert_eq!(service.send(request).await.status, 200);
}

/// hyper reads in pieces that get larger, and looks at what it has when a head does not end in there: one that comes at once may be
/// twice as long for it.
#[tokio::test]
async fn a_head_that_comes_at_once_has_the_same_limit() {
    let service = Sandbox::new().start().await;
    for size in [66_000, 80_000, 100_000, 120_000] {
        let mut connection = service.connect().await;
        let warm_up = Request::get("/text").header("x-large", &"x".repeat(60_000));
        assert_eq!(connection.send(&warm_up).await.unwrap().status, 200);
        let request = Request::get("/text").header("x-large", &"x".repeat(size));
        let answer = connection.send(&request).await.unwrap();
        assert_eq!(answer.status, 431, "{size}");
        // Whoever of the two says so.
        if !answer.body.is_empty() {
            let detail = "the head of the request is larger than 65536 bytes";
            assert_eq!(answer.json()["detail"], detail, "{size}");
        }
    }
    let lines = (0..1_500).fold(Request::get("/text"), |request, n| {
        request.header(&format!("x-{n:04}"), &"x".repeat(40))
    });
    assert_eq!(service.send(lines).await.status, 431);
}

/// RFC 9112, section 3.2: whoever stands in front of the service may have read another one of two.
#[tokio::test]
async fn a_request_has_one_host() {
    let service = Sandbox::new().start().await;
    for (head, status) in [
        ("GET /text HTTP/1.1\r\nHost: a\r\n\r\n", 200),
        ("GET /text HTTP/1.1\r\n\r\n", 400),
        ("GET /text HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n", 400),
        ("GET /live HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
        ("GET /text HTTP/1.0\r\n\r\n", 200),
        ("GET /text HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", 400),
    ] {
        let mut connection = service.connect().await;
        connection.write(head.as_bytes()).await.unwrap();
        let answer = connection.answer("GET").await.unwrap();
        assert_eq!(answer.status, status, "{head}");
        if status == 400 {
            let detail = answer.json()["detail"].clone();
            assert!(detail.as_str().unwrap().contains("Host"), "{detail}");
        }
    }
}

/// Beyond the connections that may be open, clients wait; they are not refused.
#[tokio::test]
async fn beyond_the_open_connections_clients_wait() {
    let service = Sandbox::new()
        .env("APP_SERVER__MAX_CONNECTIONS", "1")
        .start()
        .await;
    let mut first = service.connect().await;
    assert_eq!(
        first.send(&Request::get("/text")).await.unwrap().status,
        200
    );
    let mut second = service.connect().await;
    second.write(&Request::get("/text").bytes()).await.unwrap();
    let early = tokio::time::timeout(Duration::from_millis(300), second.answer("GET")).await;
    assert!(early.is_err(), "served while there was no room");
    drop(first);
    assert_eq!(second.answer("GET").await.unwrap().status, 200);
}

#[tokio::test]
async fn what_is_not_http_is_refused() {
    let service = Sandbox::new().start().await;
    for nonsense in [
        "hello there\r\n\r\n",
        "GET /text HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        "\u{16}\u{3}\u{1}\r\n\r\n",
    ] {
        let mut connection = service.connect().await;
        connection.write(nonsense.as_bytes()).await.unwrap();
        match connection.answer("GET").await {
            Ok(answer) => assert_eq!(answer.status, 400, "{nonsense:?}"),
            Err(error) => assert_eq!(
                error.kind(),
                std::io::ErrorKind::UnexpectedEof,
                "{nonsense:?}: {error}"
            ),
        }
    }
    assert_eq!(service.get("/text").await.status, 200);
}
