//! Streams of every kind: handlers that know of the stop, that know nothing of it, and that misbehave.

use std::convert::Infallible;
use std::time::Duration;

use futures_util::stream;
use rustboot::axum::extract::ws as axum_ws;
use rustboot::axum::response::sse as axum_sse;
use rustboot::prelude::*;
use rustboot::sse::Event;
use rustboot::tokio::time::sleep;
use rustboot::ws::{Message, SendError};
use serde::Deserialize;

use crate::journal::Journal;

/// Sends back what comes, and says goodbye.
#[get("/ws/echo")]
async fn echo(upgrade: WebSocketUpgrade, shutdown: Shutdown, journal: Inject<Journal>) -> Response {
    upgrade
        .protocols(["echo.v1"])
        .on_upgrade(async move |mut socket| {
            rustboot::tracing::info!(protocol = ?socket.protocol(), "a socket is open");
            while let Some(message) = socket.recv().await {
                match &message {
                    Message::Text(text) if text.as_str() == "panic" => {
                        panic!("the client asked for it")
                    }
                    Message::Text(text) if text.as_str() == "fail" => {
                        return Err(Error::internal("the secret internals of a socket"));
                    }
                    Message::Text(text) if text.as_str() == "close" => {
                        socket.close(4001, "as you wish".repeat(20)).await;
                    }
                    _ => socket.send(message).await?,
                }
            }
            if shutdown.is_requested() {
                socket.send("goodbye").await?;
            }
            journal.write("a socket is closed")
        })
}

/// Never listens and never speaks, and takes its time when it is asked to end.
#[get("/ws/busy")]
async fn busy(upgrade: WebSocketUpgrade, Query(pace): Query<Pace>) -> Response {
    upgrade.on_upgrade(async move |_socket| {
        rustboot::tracing::info!("busy");
        sleep(Duration::from_millis(pace.ms)).await;
    })
}

/// Sends without end, as fast as the client reads.
#[get("/ws/flood")]
async fn flood(upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(async |socket| {
        // Nobody waits: it is the queue that is bounded.
        let mut queued = 0;
        while socket.sender().try_send(vec![0; 64 * 1024]).is_ok() {
            queued += 1;
        }
        let full = socket.sender().try_send("one more");
        rustboot::tracing::info!(
            queued,
            full = matches!(full, Err(SendError::Full(_))),
            "queue"
        );
        while socket.send(vec![0; 64 * 1024]).await.is_ok() {}
        rustboot::tracing::info!("cut off");
    })
}

/// What somebody writes who knows axum alone.
#[get("/ws/plain")]
async fn plain(upgrade: axum_ws::WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(async |mut socket| {
        while let Some(Ok(message)) = socket.recv().await {
            if matches!(message, axum_ws::Message::Close(_)) {
                continue;
            }
            if socket.send(message).await.is_err() {
                break;
            }
        }
    })
}

/// The same, and it never listens.
#[get("/ws/plain/deaf")]
async fn deaf(upgrade: axum_ws::WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(async |mut socket| {
        // A message, and then nothing that would notice the end.
        let _sent = socket.send("hello".into()).await;
        std::future::pending::<()>().await;
    })
}

/// How fast.
#[derive(Deserialize)]
struct Pace {
    #[serde(default)]
    ms: u64,
}

/// Numbers, with a pause between them.
#[get("/sse/numbers")]
async fn numbers(Query(pace): Query<Pace>, journal: Inject<Journal>) -> impl IntoResponse {
    Sse::from_fn(async move |events| {
        let _left = Left(journal.clone());
        for number in 0_u64.. {
            rustboot::tracing::info!(number, "counting");
            events
                .send(Event::default().data(number.to_string()))
                .await?;
            sleep(Duration::from_millis(pace.ms)).await;
        }
        Ok(())
    })
}

/// Notes that it was dropped.
struct Left(Inject<Journal>);

impl Drop for Left {
    fn drop(&mut self) {
        rustboot::tracing::info!("the stream is dropped");
        self.0.write("a stream is dropped").ok();
    }
}

/// One event, and silence. Its handler knows nothing of the stop.
#[get("/sse/quiet")]
async fn quiet() -> impl IntoResponse {
    Sse::new(one_and_silence()).keep_alive(Duration::from_millis(100))
}

/// The same with axum's own.
#[get("/sse/plain")]
async fn plain_events() -> impl IntoResponse {
    axum_sse::Sse::new(one_and_silence())
}

fn one_and_silence() -> impl stream::Stream<Item = Result<Event, Infallible>> {
    stream::unfold(false, |said| async move {
        if said {
            std::future::pending::<()>().await;
        }
        Some((Ok(Event::default().data("hello")), true))
    })
}

/// Large events, as fast as the client reads.
#[get("/sse/flood")]
async fn events_without_end() -> impl IntoResponse {
    Sse::from_fn(async |events| {
        while events
            .send(Event::default().data("x".repeat(64 * 1024)))
            .await
            .is_ok()
        {}
    })
}

/// An event, and a panic.
#[get("/sse/panic")]
async fn panics() -> impl IntoResponse {
    Sse::from_fn(async |events| {
        events.send(Event::default().data("hello")).await?;
        // hyper sends nothing of an answer that fails before it was first flushed.
        sleep(Duration::from_millis(50)).await;
        let answer = std::hint::black_box(None::<u8>);
        events
            .send(
                Event::default().data(
                    answer
                        .expect("the secret internals of a stream")
                        .to_string(),
                ),
            )
            .await
            .map_err(Error::from)
    })
}

/// Answers when there is news: here, that the application stops.
#[get("/poll")]
async fn long_poll(shutdown: Shutdown) -> &'static str {
    rustboot::tracing::info!("polling");
    shutdown.requested().await;
    "nothing new"
}
