//! HTTP/2 without TLS, by prior knowledge: what a mesh or an ingress speaks inside of a cluster.

use std::io::Read as _;
use std::time::{Duration, Instant};

use bytes::Bytes;
use flate2::read::GzDecoder;
use h2::Reason;
use h2::client::SendRequest;
use http::Request;
use rustix::process::Signal;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::frames::{Wire, get as get_frame};
use crate::harness::{LIMIT, Sandbox, Service, within};

/// A client, and the task that drives its connection to the end.
struct Client {
    sender: SendRequest<Bytes>,
    driver: JoinSet<Result<(), h2::Error>>,
}

impl Client {
    async fn connect(service: &Service) -> Self {
        Self::with(h2::client::Builder::new(), service).await
    }

    async fn with(builder: h2::client::Builder, service: &Service) -> Self {
        let stream = TcpStream::connect(&service.address).await.unwrap();
        let (sender, connection) = within("the handshake", builder.handshake(stream))
            .await
            .unwrap();
        let mut driver = JoinSet::new();
        driver.spawn(connection);
        Self { sender, driver }
    }

    /// Begins a request; the answer is waited for elsewhere.
    async fn begin(&mut self, target: &str) -> Result<h2::client::ResponseFuture, h2::Error> {
        let request = get(target).body(()).unwrap();
        std::future::poll_fn(|context| self.sender.poll_ready(context)).await?;
        self.sender
            .send_request(request, true)
            .map(|(answer, _)| answer)
    }

    /// Status and body.
    async fn send(&mut self, target: &str) -> Result<(u16, Vec<u8>), h2::Error> {
        let answer = within(target, self.begin(target).await?).await?;
        read(answer).await
    }

    /// Waits until the server has ended the connection, which the client would go on with.
    async fn ended(mut self) -> Result<(), h2::Error> {
        within("the end of the connection", self.driver.join_next())
            .await
            .unwrap()
            .unwrap()
    }
}

fn get(target: &str) -> http::request::Builder {
    Request::get(format!("http://service.test{target}"))
}

async fn read(answer: http::Response<h2::RecvStream>) -> Result<(u16, Vec<u8>), h2::Error> {
    let status = answer.status().as_u16();
    let mut body = answer.into_body();
    let mut all = Vec::new();
    while let Some(piece) = within("a piece", body.data()).await {
        let piece = piece?;
        body.flow_control().release_capacity(piece.len())?;
        all.extend(piece);
    }
    Ok((status, all))
}

#[tokio::test]
async fn requests_share_a_connection() {
    let service = Sandbox::new().start().await;
    let mut client = Client::connect(&service).await;
    assert_eq!(
        client.send("/text").await.unwrap(),
        (200, b"hello".to_vec())
    );
    // The slow one does not hold up the others.
    let slow = client.begin("/sleep?ms=1500").await.unwrap();
    let at = Instant::now();
    for _ in 0..10 {
        assert_eq!(client.send("/text").await.unwrap().0, 200);
    }
    assert!(
        at.elapsed() < Duration::from_millis(1400),
        "{:?}",
        at.elapsed()
    );
    assert_eq!(read(slow.await.unwrap()).await.unwrap().0, 200);
    assert_eq!(client.send("/nowhere").await.unwrap().0, 404);
    // Larger than a frame and than the window, of known and of unknown length.
    let (status, body) = client.send("/large?bytes=1000003").await.unwrap();
    assert_eq!((status, body.len()), (200, 1_000_003));
    assert!(body.iter().all(|byte| *byte == b'x'));
    let (_, body) = client.send("/stream?pieces=3&ms=1").await.unwrap();
    assert_eq!(body, b"piece 0\npiece 1\npiece 2\n");
}

/// Of HTTP/1 hyper leaves out the content of such an answer, of HTTP/2 it does not; a client that gets it nevertheless ends the stream.
#[tokio::test]
async fn what_answers_head_has_no_content() {
    let service = Sandbox::new().start().await;
    let mut client = Client::connect(&service).await;
    for (target, status, length) in [
        ("/text", 200, Some(5)),
        ("/large?bytes=1000003", 200, Some(1_000_003)),
        ("/stream?pieces=3&ms=1", 200, None),
        ("/nowhere", 404, None),
        ("/live", 200, None),
        ("/metrics", 200, None),
    ] {
        let id = format!("head-{}", target.split(['/', '?']).nth(1).unwrap());
        let request = get(target).method("HEAD").header("x-request-id", id);
        let request = request.body(()).unwrap();
        std::future::poll_fn(|context| client.sender.poll_ready(context))
            .await
            .unwrap();
        let (answer, _) = client.sender.send_request(request, true).unwrap();
        let answer = within(target, answer).await.unwrap();
        assert_eq!(answer.status(), status, "{target}");
        let told = answer.headers().get("content-length");
        let told = told.map(|told| told.to_str().unwrap().parse::<u64>().unwrap());
        if length.is_some() || target.starts_with("/stream") {
            assert_eq!(told, length, "{target}");
        }
        let (body, is_over) = (answer.body(), answer.body().is_end_stream());
        assert!(is_over, "{target}: {body:?}");
    }
    assert_eq!(client.send("/text").await.unwrap().0, 200);
    let line = service.access_line("head-large").await;
    assert_eq!((&line["bytes"], line.get("aborted")), (&0.into(), None));
}

/// What goes out in pieces is logged as one answer, with its length.
#[tokio::test]
async fn a_large_answer_has_its_length() {
    let service = Sandbox::new().start().await;
    let mut client = Client::connect(&service).await;
    let request = get("/large?bytes=100000")
        .header("x-request-id", "large-over-h2")
        .body(())
        .unwrap();
    let (answer, _) = client.sender.send_request(request, true).unwrap();
    let answer = within("an answer", answer).await.unwrap();
    assert_eq!(answer.headers()["content-length"], "100000");
    assert_eq!(read(answer).await.unwrap().1.len(), 100_000);
    let line = service.access_line("large-over-h2").await;
    assert_eq!(line["bytes"], 100_000);
    assert_eq!(line["status"], 200);
}

/// Nothing is different here but the frames.
#[tokio::test]
async fn answers_are_compressed() {
    let service = Sandbox::new()
        .env("APP_SERVER__COMPRESSION__ENABLED", "true")
        .start()
        .await;
    let mut client = Client::connect(&service).await;
    let (_, plain) = client.send("/compressed/text?bytes=1000003").await.unwrap();
    for (method, size) in [("GET", 1_000_003), ("HEAD", 0)] {
        let request = get("/compressed/text?bytes=1000003")
            .method(method)
            .header("accept-encoding", "gzip")
            .header("x-request-id", method)
            .body(())
            .unwrap();
        let (answer, _) = client.sender.send_request(request, true).unwrap();
        let answer = within("an answer", answer).await.unwrap();
        assert_eq!(answer.headers()["content-encoding"], "gzip");
        assert_eq!(answer.headers()["vary"], "accept-encoding");
        assert!(!answer.headers().contains_key("content-length"));
        let (_, bytes) = read(answer).await.unwrap();
        let mut unzipped = Vec::new();
        if size > 0 {
            GzDecoder::new(&bytes[..])
                .read_to_end(&mut unzipped)
                .unwrap();
        }
        assert!(unzipped == plain[..size], "{method}");
        assert_eq!(service.access_line(method).await["bytes"], bytes.len());
    }
}

/// The connection is told not to ask any more, what has been asked is answered, and then it ends.
#[tokio::test]
async fn a_stop_answers_what_is_under_way_and_says_goaway() {
    let service = Sandbox::new()
        .env("APP_LIFECYCLE__DRAIN_DELAY", "0s")
        .start()
        .await;
    let mut client = Client::connect(&service).await;
    let under_way = client.begin("/sleep?ms=2000").await.unwrap();
    service
        .log_line("a handler at work", |line| line["message"] == "sleeping")
        .await;
    service.signal(Signal::TERM);
    let answer = within("the answer", under_way).await.unwrap();
    assert_eq!(read(answer).await.unwrap(), (200, b"slept".to_vec()));
    let late = client.send("/text").await.unwrap_err();
    assert!(late.is_go_away() || late.is_io(), "{late:?}");
    client.ended().await.unwrap();
    assert_eq!(service.exit().await.code, Some(0));
}

#[tokio::test]
async fn streams_beyond_the_limit_wait_with_the_client() {
    let service = Sandbox::new().start().await;
    let mut client = Client::connect(&service).await;
    assert_eq!(client.send("/text").await.unwrap().0, 200);
    assert_eq!(client.sender.current_max_send_streams(), 200);
    let mut slow = Vec::new();
    for _ in 0..200 {
        slow.push(client.begin("/sleep?ms=1000").await.unwrap());
    }
    for answer in slow {
        assert_eq!(within("an answer", answer).await.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn a_head_beyond_the_limit_is_a_431_and_costs_only_its_stream() {
    let service = Sandbox::new()
        .env("APP_SERVER__HEADER_LIMIT", "8KiB")
        .start()
        .await;
    let mut client = Client::connect(&service).await;
    assert_eq!(client.send("/text").await.unwrap().0, 200);
    let request = get("/text")
        .header("x-large", "x".repeat(9000))
        .body(())
        .unwrap();
    let (answer, _) = client.sender.send_request(request, true).unwrap();
    match within("a refusal", answer).await {
        Ok(answer) => assert_eq!(answer.status(), 431),
        Err(error) => assert_eq!(error.reason(), Some(Reason::PROTOCOL_ERROR), "{error:?}"),
    }
    assert_eq!(client.send("/text").await.unwrap().0, 200);
    let request = get("/text")
        .header("x-large", "x".repeat(6000))
        .body(())
        .unwrap();
    let (answer, _) = client.sender.send_request(request, true).unwrap();
    assert_eq!(within("an answer", answer).await.unwrap().status(), 200);
}

/// A connection that nothing happens on is given back, in order: its client asks elsewhere next time, and has lost nothing.
#[tokio::test]
async fn an_idle_connection_ends_with_goaway() {
    let service = Sandbox::new()
        .env("APP_SERVER__KEEP_ALIVE_TIMEOUT", "1s")
        .env("APP_SERVER__HEADER_READ_TIMEOUT", "2s")
        .start()
        .await;
    let mut client = Client::connect(&service).await;
    for _ in 0..3 {
        assert_eq!(client.send("/sleep?ms=700").await.unwrap().0, 200);
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let at = Instant::now();
    assert_eq!(client.send("/sleep?ms=1700").await.unwrap().0, 200);
    client.ended().await.unwrap();
    let took = at.elapsed();
    assert!(
        took >= Duration::from_millis(2600) && took < LIMIT,
        "{took:?}"
    );
    // Who has not asked for anything is given the time of a head.
    let at = Instant::now();
    Client::connect(&service).await.ended().await.unwrap();
    let took = at.elapsed();
    assert!(
        took >= Duration::from_millis(1900) && took < LIMIT,
        "{took:?}"
    );
}

/// A client that has gone without a word does not hold the stop, whether it had asked for something or not.
#[tokio::test]
async fn a_client_that_is_gone_does_not_hold_the_stop() {
    let service = Sandbox::new().start().await;
    let mut wire = Wire::open(&service.address, &[]).await;
    wire.write(&get_frame(1, "/text")).await.unwrap();
    wire.until(|frame| frame.ends_stream()).await.unwrap();
    let _silent = Wire::open(&service.address, &[]).await;
    let at = Instant::now();
    // They read nothing any more, and answer no PING.
    let exit = service.stop().await;
    assert!(at.elapsed() < Duration::from_secs(6), "{:?}", at.elapsed());
    assert_eq!(exit.code, Some(0));
}

/// A client that resets a stream has the request cancelled, as on a connection of HTTP/1 that it closes.
#[tokio::test]
async fn a_stream_that_is_reset_cancels_its_request() {
    let service = Sandbox::new().start().await;
    let mut client = Client::connect(&service).await;
    let request = get("/sleep?ms=3600000")
        .header("x-request-id", "given-up")
        .body(())
        .unwrap();
    let (answer, mut stream) = client.sender.send_request(request, true).unwrap();
    service
        .log_line("a handler at work", |line| line["message"] == "sleeping")
        .await;
    stream.send_reset(Reason::CANCEL);
    drop(answer);
    let line = service.access_line("given-up").await;
    assert_eq!(line["status"], 499);
    assert_eq!(client.send("/text").await.unwrap().0, 200);
}
