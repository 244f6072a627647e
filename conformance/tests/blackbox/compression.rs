//! Answers in gzip: for whom, which, what their headers say, and that nothing else is different.

use std::io::{Read as _, Write as _};

use flate2::read::GzDecoder;
use rustix::process::Signal;

use crate::harness::{Sandbox, Service, within};
use crate::http::{Request, Response};
use crate::problems::problem;

fn sandbox() -> Sandbox {
    Sandbox::new().env("APP_SERVER__COMPRESSION__ENABLED", "true")
}

/// As a browser asks.
fn zipped(target: &str) -> Request {
    Request::get(target).header("accept-encoding", "gzip, deflate, br, zstd")
}

/// Undoes the compression, after a look at what goes with it.
fn unzip(what: &str, answer: &Response) -> Response {
    assert_eq!(answer.header("content-encoding"), Some("gzip"), "{what}");
    assert_eq!(answer.header("content-length"), None, "{what}");
    assert_eq!(answer.header("accept-ranges"), None, "{what}");
    let varies = answer.headers("vary").join(", ");
    assert!(varies.contains("accept-encoding"), "{what}: {varies}");
    let mut plain = Vec::new();
    let mut decoder = GzDecoder::new(&answer.body[..]);
    decoder.read_to_end(&mut plain).unwrap();
    assert!(decoder.into_inner().is_empty(), "{what}: something follows");
    Response {
        body: plain,
        ..answer.clone()
    }
}

/// What can be read of the beginning of an answer.
fn beginning(bytes: &[u8]) -> String {
    let mut plain = Vec::new();
    let mut decoder = flate2::write::GzDecoder::new(&mut plain);
    decoder.write_all(bytes).unwrap();
    decoder.flush().unwrap();
    drop(decoder);
    String::from_utf8(plain).unwrap()
}

fn untouched(what: &str, answer: &Response) {
    assert_eq!(
        answer.header("content-encoding"),
        None,
        "{what}: {answer:?}"
    );
}

/// Where an answer may come from: an attribute route, a router, the pipeline, an endpoint.
#[tokio::test]
async fn whoever_answers_it_says_the_same_in_fewer_bytes() {
    let service = sandbox().start().await;
    for target in [
        "/compressed/teas",
        "/mounted/teas",
        "/mounted/pieces",
        "/compressed/problem",
        "/compressed/pieces",
        "/openapi.json",
    ] {
        let plain = service.get(target).await;
        untouched(target, &plain);
        assert_eq!(plain.header("vary"), Some("accept-encoding"), "{target}");
        let answer = service.send(zipped(target)).await;
        let same = unzip(target, &answer);
        assert_eq!(same.status, plain.status, "{target}");
        assert_eq!(same.header("content-type"), plain.header("content-type"));
        if target == "/compressed/problem" {
            assert_eq!(
                problem(target, &same, 400)["detail"],
                plain.json()["detail"]
            );
        } else {
            assert_eq!(same.text(), plain.text(), "{target}");
        }
        if plain.body.len() > 1000 {
            assert!(4 * answer.body.len() < plain.body.len(), "{target}");
        }
    }
    let metrics = unzip("/metrics", &service.send(zipped("/metrics")).await);
    assert!(
        metrics
            .text()
            .contains("http_server_request_duration_seconds_bucket")
    );
}

#[tokio::test]
async fn the_management_listener_compresses_as_well() {
    let service = sandbox().env("APP_MANAGEMENT__PORT", "0").start().await;
    service.settle().await;
    let address = service.management.as_ref().unwrap();
    let mut connection = crate::http::Connection::open(address).await.unwrap();
    let answer = connection.send(&zipped("/metrics")).await.unwrap();
    assert!(unzip("/metrics", &answer).text().contains("app_info"));
}

#[tokio::test]
async fn without_the_section_nothing_is_different() {
    let service = Sandbox::new().start().await;
    let answer = service.send(zipped("/compressed/teas")).await;
    untouched("off", &answer);
    assert_eq!(answer.header("vary"), None);
    assert_eq!(
        answer.header("content-length"),
        Some(&*answer.body.len().to_string())
    );
}

#[tokio::test]
async fn the_client_decides() {
    let service = sandbox().start().await;
    for (accepted, is_zipped) in [
        ("gzip", true),
        ("*", true),
        ("br;q=1.0, gzip;q=0.2", true),
        ("gzip;q=0", false),
        ("gzip;q=0, *", false),
        ("identity, gzip;q=0.5", false),
        ("br", false),
        ("", false),
    ] {
        let request = Request::get("/compressed/teas").header("accept-encoding", accepted);
        let answer = service.send(request).await;
        match is_zipped {
            true => drop(unzip(accepted, &answer)),
            false => untouched(accepted, &answer),
        }
        assert_eq!(answer.header("vary"), Some("accept-encoding"), "{accepted}");
    }
}

/// One of HTTP/1.0 has no other way to see the end of what has no length than the end of the connection.
#[tokio::test]
async fn http_1_0_keeps_its_lengths() {
    let service = sandbox().start().await;
    let mut connection = service.connect().await;
    connection
        .write(b"GET /compressed/teas HTTP/1.0\r\naccept-encoding: gzip\r\nconnection: keep-alive\r\n\r\n")
        .await
        .unwrap();
    let head = within("the head", connection.until(b"\r\n\r\n")).await;
    let head = String::from_utf8(head.unwrap())
        .unwrap()
        .to_ascii_lowercase();
    assert!(head.contains("content-length: "), "{head}");
    assert!(!head.contains("content-encoding"), "{head}");
}

#[tokio::test]
async fn short_ones_and_pictures_stay_as_they_are() {
    let service = sandbox().start().await;
    for (bytes, is_zipped) in [(2047, false), (2048, true)] {
        let target = format!("/compressed/text?bytes={bytes}");
        let answer = service.send(zipped(&target)).await;
        match is_zipped {
            true => assert_eq!(unzip(&target, &answer).body.len(), bytes),
            false => untouched(&target, &answer),
        }
        assert_eq!(answer.header("vary"), Some("accept-encoding"));
    }
    // Bytes of which nobody knows what they are, and nothing at all.
    let answer = service.send(zipped("/large?bytes=10000")).await;
    untouched("/large", &answer);
    assert_eq!(answer.header("vary"), None);
    let answer = service.send(zipped("/compressed/text?bytes=0")).await;
    untouched("nothing", &answer);

    let service = sandbox()
        .file(
            "config/app.toml",
            "[server.compression]\nmin_response_size = \"0B\"\ncontent_types = [\"application/*\"]\n",
        )
        .start()
        .await;
    let answer = service.send(zipped("/large?bytes=1")).await;
    assert_eq!(unzip("/large", &answer).text(), "x");
    let answer = service.send(zipped("/compressed/text?bytes=9000")).await;
    untouched("a type that is not listed", &answer);
}

/// The headers are those of the `GET`, without a length, since nobody has measured.
#[tokio::test]
async fn head_says_what_get_would() {
    let service = sandbox().start().await;
    for target in ["/compressed/teas", "/mounted/teas", "/compressed/pieces"] {
        let request = Request::new("HEAD", target).header("accept-encoding", "gzip");
        let mut connection = service.connect().await;
        let answer = connection.send(&request).await.unwrap();
        assert_eq!(answer.status, 200, "{target}");
        assert_eq!(answer.header("content-encoding"), Some("gzip"), "{target}");
        assert_eq!(answer.header("vary"), Some("accept-encoding"), "{target}");
        assert_eq!(answer.header("content-length"), None, "{target}");
        // Nothing of a body is in the way of the next answer.
        let next = connection.send(&Request::get("/text")).await.unwrap();
        assert_eq!(next.text(), "hello", "{target}");
        let plain = service.send(Request::new("HEAD", target)).await;
        untouched(target, &plain);
        let short = "/compressed/text?bytes=10";
        let short = Request::new("HEAD", short).header("accept-encoding", "gzip");
        let short = service.send(short).await;
        untouched("a short one", &short);
        assert_eq!(short.header("content-length"), Some("10"));
    }
}

#[tokio::test]
async fn tags_are_weak_ranges_gone_and_vary_is_added() {
    let service = sandbox().start().await;
    let target = "/compressed/tagged";
    let answer = service.send(zipped(target)).await;
    assert_eq!(unzip(target, &answer).body.len(), 7000);
    assert_eq!(answer.header("etag"), Some("W/\"v1\""));
    assert_eq!(
        answer.headers("vary"),
        ["accept-language", "accept-encoding"]
    );
    let plain = service.get(target).await;
    assert_eq!(plain.header("etag"), Some("\"v1\""));
    assert_eq!(plain.header("accept-ranges"), Some("bytes"));
    assert_eq!(
        plain.headers("vary"),
        ["accept-language", "accept-encoding"]
    );

    // The same tag as the answer that it stands for.
    let known = zipped(target).header("if-none-match", "W/\"v1\"");
    let answer = service.send(known).await;
    assert_eq!((answer.status, answer.body.len()), (304, 0));
    untouched("304", &answer);
    assert_eq!(answer.header("etag"), Some("W/\"v1\""));
    assert!(answer.headers("vary").contains(&"accept-encoding"));

    let answer = service
        .send(zipped(target).header("range", "bytes=0-3999"))
        .await;
    assert_eq!((answer.status, answer.body.len()), (206, 4000));
    untouched("206", &answer);
    assert_eq!(answer.header("etag"), Some("\"v1\""));
    assert_eq!(answer.header("accept-ranges"), Some("bytes"));
}

#[tokio::test]
async fn a_handler_may_say_no() {
    let service = sandbox().start().await;
    let answer = service.send(zipped("/compressed/final")).await;
    untouched("no-transform", &answer);
    assert_eq!(answer.header("vary"), None);
    assert_eq!(answer.body.len(), 7000);
    let answer = service.send(zipped("/compressed/coded")).await;
    assert_eq!(answer.header("content-encoding"), Some("br"));
    assert_eq!(answer.body.len(), 11_000);
    // The files of Swagger UI are there in gzip, and not in gzip of gzip.
    let target = "/docs/swagger-ui.css";
    let answer = service.send(zipped(target)).await;
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    assert!(beginning(&answer.body).contains(".swagger-ui"));
    let answer = service
        .send(Request::get(target).header("accept-encoding", "br"))
        .await;
    assert_eq!(answer.status, 406);
}

#[tokio::test]
async fn a_stream_keeps_its_rhythm() {
    let service = sandbox().start().await;
    let mut connection = service.connect().await;
    let request = zipped("/compressed/pieces?ms=3600000").header("x-request-id", "rhythm");
    connection.write(&request.bytes()).await.unwrap();
    let head = connection.head().await.unwrap();
    assert_eq!(head.header("content-encoding"), Some("gzip"));
    let first = connection.chunk().await.unwrap().unwrap();
    assert_eq!(
        beginning(&first),
        "piece 0\n",
        "while the second one is waited for"
    );
    drop(connection);
    let line = service.access_line("rhythm").await;
    assert_eq!(line["aborted"], true, "{line}");
    assert_eq!(line["bytes"], first.len(), "{line}");
}

#[tokio::test]
async fn event_streams_are_left_alone() {
    let service = sandbox().start().await;
    let mut connection = service.connect().await;
    let request = zipped("/sse/numbers?ms=3600000");
    connection.write(&request.bytes()).await.unwrap();
    let head = connection.head().await.unwrap();
    assert_eq!(head.header("content-type"), Some("text/event-stream"));
    untouched("events", &head);
    assert_eq!(head.header("vary"), None);
    let event = connection.chunk().await.unwrap().unwrap();
    assert_eq!(event, b"data: 0\n\n");
}

/// What is counted is what was sent.
#[tokio::test]
async fn the_access_log_has_the_bytes_of_the_wire() {
    let service = sandbox().start().await;
    let request = zipped("/compressed/text?bytes=3000000").header("x-request-id", "counted");
    let answer = service.send(request).await;
    assert_eq!(unzip("3 MB", &answer).body.len(), 3_000_000);
    let line = service.access_line("counted").await;
    assert_eq!(line["bytes"], answer.body.len(), "{line}");
    assert_eq!(line["status"], 200, "{line}");
    assert!(line.get("aborted").is_none(), "{line}");
}

#[tokio::test]
async fn what_breaks_off_breaks_off() {
    let service = sandbox().start().await;
    for (target, message) in [
        (
            "/compressed/broken",
            "the body of an answer failed half-way",
        ),
        ("/compressed/panic", "half-way through"),
    ] {
        let mut connection = service.connect().await;
        let request = zipped(target).header("x-request-id", &target[12..]);
        connection.send(&request).await.unwrap_err();
        let line = service.access_line(&target[12..]).await;
        assert_eq!(line["aborted"], true, "{line}");
        let logged = |line: &serde_json::Value| {
            line["request_id"] == target[12..] && line.to_string().contains(message)
        };
        service.log_line(message, logged).await;
    }
}

async fn pouring(service: &Service, id: &str) -> crate::http::Connection {
    let mut connection = service.connect().await;
    let request = zipped("/compressed/noise").header("x-request-id", id);
    connection.write(&request.bytes()).await.unwrap();
    connection.head().await.unwrap();
    connection
}

/// The source waits with it, and the connection is given up, as without compression.
#[tokio::test]
async fn a_client_that_does_not_read_is_given_up() {
    let service = sandbox()
        .env("APP_SERVER__WRITE_TIMEOUT", "500ms")
        .start()
        .await;
    let _idle = pouring(&service, "idle").await;
    let line = service.access_line("idle").await;
    assert_eq!(line["aborted"], true, "{line}");
    assert_eq!(service.get("/text").await.status, 200);
}

#[tokio::test]
async fn a_stop_waits_for_it_and_then_cuts_it_off() {
    let service = sandbox()
        .env("APP_LIFECYCLE__DRAIN_DELAY", "0s")
        .env("APP_LIFECYCLE__SHUTDOWN_TIMEOUT", "3s")
        .start()
        .await;
    let mut short = service.connect().await;
    let request = zipped("/compressed/pieces?ms=300");
    short.write(&request.bytes()).await.unwrap();
    let _head = short.head().await.unwrap();
    let mut bytes = short.chunk().await.unwrap().unwrap();
    let _endless = pouring(&service, "endless").await;
    service.signal(Signal::TERM);
    while let Some(chunk) = short.chunk().await.unwrap() {
        bytes.extend(chunk);
    }
    assert_eq!(beginning(&bytes), "piece 0\npiece 1\npiece 2\n");
    let exit = service.exit().await;
    assert_eq!(exit.code, Some(1), "{exit:?}");
    let log = exit.log();
    assert_eq!(log.last().unwrap()["aborted_requests"], 1);
}

#[tokio::test]
async fn what_the_section_cannot_mean_is_reported() {
    let exit = sandbox()
        .file(
            "config/app.toml",
            "[server.compression]\nmin_response_size = \"few\"\nlevel = 9\ncontent_types = [\"text/*\", \"json\"]\n",
        )
        .run(&[])
        .await;
    assert_eq!(exit.code, Some(78), "{exit:?}");
    let report = r#"error: the configuration has 3 problems

  1. server.compression.content_types.1: expected a media type such as application/json, text/*, or */*+json, found "json"
     set in config/app.toml:4
  2. server.compression.level: unknown key
     set in config/app.toml:3
  3. server.compression.min_response_size: expected a size with its unit, such as 512B, 64KiB or 10MB, found "few"
     set in config/app.toml:2
"#;
    assert_eq!(exit.stderr, report);
    let exit = sandbox()
        .file(
            "config/app.toml",
            "[server.compression]\ncontent_types = [\"text/event-stream\"]\n",
        )
        .run(&["check"])
        .await;
    assert_eq!(exit.code, Some(78), "{exit:?}");
    let report = r#"error: the configuration has 1 problem

  1. server.compression.content_types: text/event-stream is never compressed: what it carries must not wait for more
     set in config/app.toml:2
"#;
    assert_eq!(exit.stderr, report);
}
