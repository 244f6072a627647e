//! The task of a WebSocket: its handler, and the driver beside it.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use axum::extract::ws;
use futures_util::FutureExt as _;
use rustboot_core::lifecycle::Shutdown;
use tokio::sync::mpsc;

use super::driver::{Driver, codes};
use super::extract::Terms;
use super::socket::WebSocket;
use crate::stream::outcome::StreamOutcome;
use crate::stream::sse::log_failure;
use crate::stream::{Managed, Streams};

/// Runs a handler to its end, and the WebSocket to its end.
pub(super) async fn run<F, Fut>(
    socket: ws::WebSocket,
    handler: F,
    terms: Terms,
    opened: Managed,
    shutdown: Shutdown,
    streams: Arc<Streams>,
) where
    F: FnOnce(WebSocket) -> Fut,
    Fut: Future,
    Fut::Output: StreamOutcome,
{
    // For as long as the handler runs, which may be longer than the connection lives.
    let _open = opened.0.get().cloned();
    let (to_handler, from_client) = mpsc::channel(terms.queue);
    let (to_client, from_handler) = mpsc::channel(terms.queue);
    let handle = WebSocket::new(to_client, from_client, socket.protocol().cloned());
    // What belongs to the connection is dropped as soon as that is over.
    let mut driver = Some(Driver::new(
        socket,
        to_handler,
        from_handler,
        terms,
        shutdown,
    ));
    // Called inside of the guard as well: it may panic before its first await.
    let work = AssertUnwindSafe(async move { handler(handle).await.into_result() }).catch_unwind();
    let mut work = pin!(work.fuse());
    let mut is_at_work = true;
    let both = std::future::poll_fn(|context| {
        // The handler first: what it sends goes out in the same poll.
        if is_at_work && let Poll::Ready(outcome) = work.as_mut().poll(context) {
            is_at_work = false;
            // A panic has been logged.
            let has_failed = outcome.map_or(true, log_failure);
            let code = match has_failed {
                true => codes::ERROR,
                false => codes::NORMAL,
            };
            if let Some(driver) = &mut driver {
                driver.handler_is_done(code);
            }
        }
        if let Some(running) = &mut driver
            && running.poll(context).is_ready()
        {
            driver = None;
        }
        match is_at_work || driver.is_some() {
            true => Poll::Pending,
            false => Poll::Ready(()),
        }
    });
    tokio::select! {
        biased;
        () = streams.aborting().cancelled() => {}
        () = both => {}
    }
}
