//! Routes with limits of their own.

use std::convert::Infallible;
use std::time::Duration;

use futures_util::stream;
use rustboot::axum::body::{Body, Bytes};
use rustboot::prelude::*;
use rustboot::tokio::time::sleep;
use serde::Deserialize;

/// How long it takes, and in how many pieces.
#[derive(Deserialize)]
pub(crate) struct Pace {
    ms: u64,
    #[serde(default)]
    pieces: u64,
}

#[post("/bounded/upload", body_limit = "4KiB")]
async fn upload(body: Bytes) -> String {
    body.len().to_string()
}

#[get("/bounded/hasty", timeout = "200ms")]
async fn hasty(Query(pace): Query<Pace>) -> &'static str {
    sleep(Duration::from_millis(pace.ms)).await;
    "done"
}

#[get("/bounded/patient", timeout = "10m")]
async fn patient(Query(pace): Query<Pace>) -> &'static str {
    sleep(Duration::from_millis(pace.ms)).await;
    "done"
}

/// One at a time, until the last piece is out.
#[get("/bounded/narrow", max_in_flight = 1, tag = "bounded")]
async fn narrow(Query(pace): Query<Pace>) -> Body {
    rustboot::tracing::info!("inside");
    if pace.pieces == 0 {
        sleep(Duration::from_millis(pace.ms)).await;
        return Body::from("done");
    }
    Body::from_stream(stream::unfold(0, move |sent| async move {
        if sent == pace.pieces {
            return None;
        }
        sleep(Duration::from_millis(pace.ms)).await;
        Some((Ok::<_, Infallible>(format!("piece {sent}\n")), sent + 1))
    }))
}

#[get("/bounded/panic", max_in_flight = 1)]
async fn panics() -> &'static str {
    panic!("behind a limit")
}

#[get("/bounded/quiet", access_log = false)]
async fn quiet() -> &'static str {
    "nobody writes that down"
}
