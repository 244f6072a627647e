//! An event stream on its way: what the pipeline adds to the body that a handler made.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use rustboot_core::lifecycle::Shutdown;
use tokio::time::{Instant, Sleep};

use super::OpenStream;

/// A handler that sees `Shutdown` as well may still say goodbye. Idle connections have as long, so the stop is no later.
const GOODBYE: Duration = Duration::from_millis(250);

/// What a comment looks like that says nothing.
const HEARTBEAT: Bytes = Bytes::from_static(b":\n\n");

/// Ends the stream when the application stops, and keeps it alive until then. Events are the frames of the body; it is ended
/// between two of them, which for axum's `Sse` is between two events.
pub(crate) struct EventStream {
    stopping: Pin<Box<dyn Future<Output = ()> + Send>>,
    over: bool,
    heartbeat: Option<(Duration, Pin<Box<Sleep>>)>,
    _open: OpenStream,
}

impl fmt::Debug for EventStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EventStream")
    }
}

impl EventStream {
    /// `heartbeat` is how long it may be quiet; `None` for a stream of which we do not know where a comment may stand.
    pub(crate) fn new(open: OpenStream, shutdown: Shutdown, heartbeat: Option<Duration>) -> Self {
        Self {
            stopping: Box::pin(async move {
                shutdown.requested().await;
                tokio::time::sleep(GOODBYE).await;
            }),
            over: false,
            heartbeat: heartbeat.map(|pause| (pause, Box::pin(tokio::time::sleep(pause)))),
            _open: open,
        }
    }

    /// Whether it has to end now. Asked before each event, since there may always be another one.
    pub(crate) fn is_over(&mut self, context: &mut Context<'_>) -> bool {
        self.over = self.over || self.stopping.as_mut().poll(context).is_ready();
        self.over
    }

    /// An event went out.
    pub(crate) fn spoke(&mut self) {
        if let Some((pause, timer)) = &mut self.heartbeat {
            timer.as_mut().reset(Instant::now() + *pause);
        }
    }

    /// The handler has nothing to say: a comment, when that has been so for long.
    pub(crate) fn quiet(&mut self, context: &mut Context<'_>) -> Poll<Bytes> {
        let Some((pause, timer)) = &mut self.heartbeat else {
            return Poll::Pending;
        };
        if timer.as_mut().poll(context).is_pending() {
            return Poll::Pending;
        }
        timer.as_mut().reset(Instant::now() + *pause);
        Poll::Ready(HEARTBEAT)
    }
}
