//! Answers that are worth compressing, and some that must not be.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use rustboot::axum::Router;
use rustboot::axum::body::Body;
use rustboot::axum::http::Request;
use rustboot::axum::routing;
use rustboot::prelude::*;
use rustboot::tokio::time::sleep;
use serde::{Deserialize, Serialize};

/// What everything here is made of.
pub(crate) fn teas() -> Vec<Tea> {
    let tea = |number| Tea {
        number,
        name: format!("tea number {number}"),
        in_stock: number % 3 == 0,
    };
    (0..200).map(tea).collect()
}

#[derive(Serialize)]
pub(crate) struct Tea {
    number: u32,
    name: String,
    in_stock: bool,
}

pub(crate) fn router() -> Router {
    Router::new()
        .route("/mounted/teas", routing::get(async || Json(teas())))
        .route("/mounted/pieces", routing::get(pieces))
}

#[get("/compressed/teas")]
async fn list() -> Json<Vec<Tea>> {
    Json(teas())
}

/// Text of a length.
#[get("/compressed/text")]
async fn text(Query(size): Query<Size>) -> String {
    "x".repeat(size.bytes)
}

#[derive(Deserialize)]
struct Size {
    bytes: usize,
}

#[get("/compressed/problem")]
async fn problem() -> Result<String> {
    Err(Error::bad_request("it does not fit ".repeat(400)))
}

const TAG: &str = "\"v1\"";

/// With everything that a handler says of plain bytes. It knows what the client has, and sends parts.
#[get("/compressed/tagged")]
async fn tagged(request: Request<Body>) -> Response {
    let text = "tagged ".repeat(1000);
    let asks = |name| request.headers().contains_key(name);
    let head = [
        (header::ETAG, TAG),
        (header::VARY, "accept-language"),
        (header::ACCEPT_RANGES, "bytes"),
    ];
    if asks(header::IF_NONE_MATCH) {
        return (StatusCode::NOT_MODIFIED, head).into_response();
    }
    if asks(header::RANGE) {
        let range = [(header::CONTENT_RANGE, "bytes 0-3999/7000")];
        return (
            StatusCode::PARTIAL_CONTENT,
            head,
            range,
            text[..4000].to_owned(),
        )
            .into_response();
    }
    (head, text).into_response()
}

/// What the handler wants to stay.
#[get("/compressed/final")]
async fn stays() -> ([(header::HeaderName, &'static str); 1], String) {
    (
        [(header::CACHE_CONTROL, "private, no-transform")],
        "secret ".repeat(1000),
    )
}

/// It has a coding already.
#[get("/compressed/coded")]
async fn coded() -> ([(header::HeaderName, &'static str); 1], String) {
    (
        [(header::CONTENT_ENCODING, "br")],
        "not really ".repeat(1000),
    )
}

#[derive(Deserialize)]
struct Pace {
    #[serde(default)]
    ms: u64,
}

const PLAIN: [(header::HeaderName, &str); 1] = [(header::CONTENT_TYPE, "text/plain")];

/// A line, a pause, the next line.
#[get("/compressed/pieces")]
async fn pieces(Query(pace): Query<Pace>) -> Response {
    let lines = stream::iter(0..3).then(move |number| async move {
        if number > 0 {
            sleep(Duration::from_millis(pace.ms)).await;
        }
        Ok::<_, Infallible>(format!("piece {number}\n"))
    });
    (PLAIN, Body::from_stream(lines)).into_response()
}

/// Half of an answer.
#[get("/compressed/broken")]
async fn broken() -> Response {
    let halves = [
        Ok("the first half ".repeat(20_000)),
        Err(io::Error::other("no second half")),
    ];
    (PLAIN, Body::from_stream(stream::iter(halves))).into_response()
}

/// Half of an answer, and a panic.
#[get("/compressed/panic")]
async fn panics() -> Response {
    let halves = stream::unfold(false, async |second| {
        assert!(!second, "half-way through");
        Some((Ok::<_, Infallible>("the first half ".repeat(20_000)), true))
    });
    (PLAIN, Body::from_stream(halves)).into_response()
}

/// Without end, and nothing that could become less.
#[get("/compressed/noise")]
async fn noise() -> Response {
    let mut state = 7_u64;
    let pieces = stream::repeat_with(move || {
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        let piece: Vec<u8> = (0..8192).flat_map(|_| next().to_le_bytes()).collect();
        Ok::<_, Infallible>(piece)
    });
    (PLAIN, Body::from_stream(pieces)).into_response()
}
