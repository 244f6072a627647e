//! Requests that a proxy and a server could read differently: one would see one request, the other two (RFC 9112, section 11.2).
//! Each is refused, or read in the one way that the specification allows; and never is what follows taken for a request of its
//! own that was hidden in it.

use crate::harness::Sandbox;
use crate::http::Request;

/// The bytes of a request that the server must not answer if it was hidden in another one.
const HIDDEN: &str = "GET /text HTTP/1.1\r\nhost: hidden\r\n\r\n";

#[tokio::test]
async fn ambiguous_lengths_are_refused() {
    let service = Sandbox::new().start().await;
    for head in [
        "content-length: 5\r\ncontent-length: 6",
        "content-length: 5, 6",
        "content-length: +5",
        "content-length: -5",
        "content-length: 0x5",
        "content-length: 5 5",
        "content-length: 99999999999999999999999",
        "transfer-encoding: chunked, identity",
        "transfer-encoding: gzip",
        "transfer-encoding: chunked\r\ntransfer-encoding: gzip",
        "transfer-encoding: xchunked",
        "transfer-encoding: \u{b}chunked",
        "content-length : 5",
        " content-length: 5",
        "x: y\r\n content-length: 5",
        "content-length: 5\r\n\tfolded",
        "content\0-length: 5",
        "x: a\0b",
        "x: a\rb",
    ] {
        let mut connection = service.connect().await;
        let request = format!("POST /bytes HTTP/1.1\r\nhost: x\r\n{head}\r\n\r\nhello{HIDDEN}");
        connection.write(request.as_bytes()).await.unwrap();
        let answer = connection
            .answer("POST")
            .await
            .unwrap_or_else(|error| panic!("{head:?}: {error}"));
        assert_eq!(answer.status, 400, "{head:?}");
        // And nothing after it: the connection cannot be trusted any more.
        assert!(connection.answer("GET").await.is_err(), "{head:?}");
    }
    assert_eq!(service.get("/text").await.status, 200);
}

/// With both headers the chunks count, and not the length (RFC 9112, section 6.3), and what comes after them is not looked at.
#[tokio::test]
async fn chunks_beat_a_length() {
    let service = Sandbox::new().start().await;
    for both in [
        "content-length: 4\r\ntransfer-encoding: chunked",
        "transfer-encoding: chunked\r\ncontent-length: 4",
        "transfer-encoding: chunked\r\ncontent-length: 4\r\ncontent-length: 9",
    ] {
        let mut connection = service.connect().await;
        let hidden = format!("{:x}\r\n{HIDDEN}\r\n0\r\n\r\n", HIDDEN.len());
        let request = format!("POST /bytes HTTP/1.1\r\nhost: x\r\n{both}\r\n\r\n{hidden}");
        connection.write(request.as_bytes()).await.unwrap();
        connection
            .write(&Request::get("/items/7").bytes())
            .await
            .unwrap();
        let answer = connection.answer("POST").await.unwrap();
        assert_eq!(answer.text(), HIDDEN.len().to_string(), "{both:?}");
        // The connection is closed then, as the specification wants it.
        let next = connection.answer("GET").await;
        assert!(next.is_err(), "{both:?}: {next:?}");
    }
}

#[tokio::test]
async fn chunks_that_are_none_end_the_connection() {
    let service = Sandbox::new().start().await;
    for chunks in [
        "5\nhello\r\n0\r\n\r\n",
        "5\r\nhelloX\r\n0\r\n\r\n",
        "5\r\nhello\n0\r\n\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        "+5\r\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        "5 5\r\nhello\r\n0\r\n\r\n",
        "5_0\r\nhello\r\n0\r\n\r\n",
        "\r\n5\r\nhello\r\n0\r\n\r\n",
        "10000000000000005\r\nhello\r\n0\r\n\r\n",
        "5;a\nb\r\nhello\r\n0\r\n\r\n",
        "5\r\nhello\r\n0\r\nx\ny: z\r\n\r\n",
    ] {
        let mut connection = service.connect().await;
        let request = format!(
            "POST /bytes HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n{chunks}{HIDDEN}"
        );
        connection.write(request.as_bytes()).await.unwrap();
        // The handler had begun: it says 400, or the connection just ends.
        if let Ok(answer) = connection.answer("POST").await {
            assert_eq!(answer.status, 400, "{chunks:?}");
        }
        let next = connection.answer("GET").await;
        assert!(next.is_err(), "{chunks:?}: {next:?}");
    }
    assert_eq!(service.get("/text").await.status, 200);
}

/// Version 1.0 knows no chunks.
#[tokio::test]
async fn the_first_version_has_no_chunks() {
    let service = Sandbox::new().start().await;
    let mut connection = service.connect().await;
    let request = format!(
        "POST /bytes HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n{HIDDEN}"
    );
    connection.write(request.as_bytes()).await.unwrap();
    assert_eq!(connection.answer("POST").await.unwrap().status, 400);
    assert!(connection.answer("GET").await.is_err());
}
