//! Handlers that answer as they should: at once, in pieces, or after a while.

use std::convert::Infallible;
use std::time::Duration;

use futures_util::stream;
use rustboot::axum::body::{Body, Bytes};
use rustboot::axum::response::sse::{Event, Sse};
use rustboot::prelude::*;
use rustboot::serde_json::Value;
use rustboot::tokio::time::sleep;
use serde::Deserialize;

use crate::journal::Journal;

#[get("/text")]
async fn text() -> &'static str {
    "hello"
}

#[post("/echo")]
async fn echo(Json(value): Json<Value>) -> Json<Value> {
    Json(value)
}

#[post("/bytes")]
async fn bytes(body: Bytes) -> String {
    body.len().to_string()
}

/// With a header beside the body.
#[get("/with-a-header")]
async fn with_a_header() -> ([(&'static str, &'static str); 1], Json<u32>) {
    ([("x-shelf", "7")], Json(7))
}

/// Two methods of one path, with another name for its parameter.
#[get("/twice/{id}/of/{part}")]
async fn twice(Path((id, part)): Path<(u32, String)>) -> String {
    format!("{id} {part}")
}

#[delete("/twice/{key}/of/{piece}")]
async fn twice_no_more(Path((key, piece)): Path<(u32, String)>) -> String {
    format!("{key} {piece}")
}

/// An answer of a known length, made at once.
#[get("/large")]
async fn large(Query(size): Query<Size>) -> Vec<u8> {
    vec![b'x'; size.bytes]
}

#[derive(Deserialize)]
struct Size {
    bytes: usize,
}

/// The size and pace of an answer.
#[derive(Deserialize)]
struct Pace {
    #[serde(default)]
    ms: u64,
    #[serde(default)]
    pieces: u64,
}

#[get("/sleep")]
async fn slow(Query(pace): Query<Pace>, journal: Inject<Journal>) -> Result<&'static str> {
    rustboot::tracing::info!("sleeping");
    sleep(Duration::from_millis(pace.ms)).await;
    journal.write("slept")?;
    Ok("slept")
}

/// Has a body, and does not look at it.
#[post("/swallow")]
async fn swallow(
    Query(pace): Query<Pace>,
    _request: rustboot::axum::extract::Request,
) -> &'static str {
    sleep(Duration::from_millis(pace.ms)).await;
    "swallowed"
}

/// Says that it was dropped.
struct Held;

impl Drop for Held {
    fn drop(&mut self) {
        rustboot::tracing::info!("let go");
    }
}

/// Holds something that has to be given back.
#[get("/held")]
async fn held(Query(pace): Query<Pace>) -> &'static str {
    let _held = Held;
    rustboot::tracing::info!("holding");
    sleep(Duration::from_millis(pace.ms)).await;
    "held"
}

/// What no handler should do.
#[get("/block")]
async fn block(Query(pace): Query<Pace>) -> &'static str {
    rustboot::tracing::info!("blocking");
    std::thread::sleep(Duration::from_millis(pace.ms));
    "blocked"
}

/// A body of unknown length: a piece, a pause, the next piece.
#[get("/stream")]
async fn pieces(Query(pace): Query<Pace>) -> Body {
    Body::from_stream(stream::unfold(0, move |sent| async move {
        if sent == pace.pieces {
            return None;
        }
        sleep(Duration::from_millis(pace.ms)).await;
        Some((Ok::<_, Infallible>(format!("piece {sent}\n")), sent + 1))
    }))
}

/// Events until the application stops; then one that says goodbye.
#[get("/events")]
async fn events(shutdown: Shutdown) -> Sse<impl stream::Stream<Item = Result<Event, Infallible>>> {
    Sse::new(stream::unfold(Some(0_u64), move |number| {
        let shutdown = shutdown.clone();
        async move {
            let number = number?;
            if number == 0 {
                return Some((Ok(Event::default().data("hello")), Some(1)));
            }
            rustboot::tokio::select! {
                () = shutdown.requested() => Some((Ok(Event::default().data("goodbye")), None)),
                () = sleep(Duration::from_millis(50)) => Some((Ok(Event::default().data(number.to_string())), Some(number + 1))),
            }
        }
    }))
}
