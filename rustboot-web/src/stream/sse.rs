//! `Sse`: an event stream with a heartbeat, from a stream or from an async function.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::BoxError;
use axum::response::sse::{self, Event};
use axum::response::{IntoResponse, Response};
use futures_util::Stream;
use http::{HeaderName, HeaderValue};
use tokio::sync::mpsc;

use super::outcome::StreamOutcome;

/// Events that wait for the client to read, on top of what the operating system holds.
const QUEUE: usize = 16;

/// An answer of server-sent events (the WHATWG's HTML, section 9.2). It is axum's `Sse` with what production wants:
///
/// - a comment when it has been quiet for `sse.keep_alive` (15s), and `x-accel-buffering: no` for nginx;
/// - it ends when the application stops, so that the client connects to another instance. A handler that wants to say goodbye
///   takes a [`Shutdown`](rustboot_core::Shutdown), and has 250 ms;
/// - a client that does not read is cut off after `server.write_timeout`; at most `sse.max_open` are open, and the next one gets 503.
///
/// axum's own `Sse` has the same end and the same limits, and the heartbeat that it is given. The request timeout is over when the
/// stream begins, and the stream holds no place of `server.max_in_flight`.
///
/// When the client goes away the stream is dropped, at its next event or heartbeat at the latest.
#[must_use]
pub struct Sse<S> {
    stream: S,
    keep_alive: KeepAlive,
}

/// In the extensions of the answer.
#[derive(Debug, Clone, Copy)]
pub(crate) enum KeepAlive {
    AsConfigured,
    Every(Duration),
    Off,
}

impl<S> fmt::Debug for Sse<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sse({:?})", self.keep_alive)
    }
}

impl<S> Sse<S> {
    /// The items of a stream. An error ends it; it is logged, and the client sees an answer that breaks off.
    pub fn new<E>(stream: S) -> Self
    where
        S: Stream<Item = Result<Event, E>> + Send + 'static,
        E: Into<BoxError>,
    {
        Self {
            stream,
            keep_alive: KeepAlive::AsConfigured,
        }
    }

    /// Another pause than `sse.keep_alive` before a comment is sent.
    pub fn keep_alive(mut self, pause: Duration) -> Self {
        self.keep_alive = KeepAlive::Every(pause);
        self
    }

    /// No comments. A proxy may take a quiet stream for dead, and a client that is gone without a word stays unnoticed.
    pub fn without_keep_alive(mut self) -> Self {
        self.keep_alive = KeepAlive::Off;
        self
    }
}

impl<F: Future> Sse<Produced<F>>
where
    F::Output: StreamOutcome,
{
    /// The events that an async function sends. The stream ends when the function returns; an error is logged.
    ///
    /// ```
    /// # use rustboot_web::{Event, Sse};
    /// # use axum::response::IntoResponse;
    /// async fn countdown() -> impl IntoResponse {
    ///     Sse::from_fn(|events| async move {
    ///         for second in (0..10).rev() {
    ///             events.send(Event::default().data(second.to_string())).await?;
    ///         }
    ///         Ok(())
    ///     })
    /// }
    /// ```
    ///
    /// It runs as a part of the answer, in no task of its own, with the id of the request on its log lines. It is dropped at an
    /// await when the client goes away.
    pub fn from_fn(produce: impl FnOnce(EventSender) -> F) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        Self {
            stream: Produced {
                producer: Some(Box::pin(produce(EventSender(sender)))),
                events: receiver,
            },
            keep_alive: KeepAlive::AsConfigured,
        }
    }
}

impl<S, E> IntoResponse for Sse<S>
where
    S: Stream<Item = Result<Event, E>> + Send + 'static,
    E: Into<BoxError>,
{
    fn into_response(self) -> Response {
        let mut response = sse::Sse::new(self.stream).into_response();
        response.headers_mut().insert(
            HeaderName::from_static("x-accel-buffering"),
            HeaderValue::from_static("no"),
        );
        response.extensions_mut().insert(self.keep_alive);
        response
    }
}

/// Sends the events of [`Sse::from_fn`]. Clones send to the same client.
#[derive(Debug, Clone)]
pub struct EventSender(mpsc::Sender<Event>);

impl EventSender {
    /// Sends an event; waits while the client does not read what was sent before.
    ///
    /// # Errors
    /// When the stream has ended.
    pub async fn send(&self, event: Event) -> Result<(), StreamClosed> {
        self.0.send(event).await.map_err(|_| StreamClosed)
    }
}

/// The stream has ended: the client is gone, the handler has returned, or the application has stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamClosed;

impl fmt::Display for StreamClosed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the stream has ended")
    }
}

impl std::error::Error for StreamClosed {}

/// The stream of [`Sse::from_fn`].
pub struct Produced<F> {
    producer: Option<Pin<Box<F>>>,
    events: mpsc::Receiver<Event>,
}

impl<F> fmt::Debug for Produced<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Produced")
    }
}

impl<F: Future> Stream for Produced<F>
where
    F::Output: StreamOutcome,
{
    type Item = Result<Event, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        // First what is there, so that the producer is not polled for each event that it has already sent.
        if let Poll::Ready(Some(event)) = this.events.poll_recv(context) {
            return Poll::Ready(Some(Ok(event)));
        }
        if let Some(producer) = &mut this.producer
            && let Poll::Ready(outcome) = producer.as_mut().poll(context)
        {
            this.producer = None;
            this.events.close();
            log_failure(outcome.into_result());
        }
        match this.events.poll_recv(context) {
            // It has let go of its sender, and still has something to do.
            Poll::Ready(None) if this.producer.is_some() => Poll::Pending,
            polled => polled.map(|event| event.map(Ok)),
        }
    }
}

/// Logs how a handler of a stream failed. That its client was gone is no failure of the handler.
pub(super) fn log_failure(outcome: rustboot_core::Result<()>) -> bool {
    let Err(error) = outcome else { return false };
    if error
        .source()
        .is_some_and(|source| source.is::<StreamClosed>())
    {
        return false;
    }
    tracing::error!(target: "rustboot::web", %error, "the handler of a stream failed");
    true
}
