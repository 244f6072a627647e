//! Streams of HTTP/2 whose client does not let us send.
//!
//! HTTP/2 has a window for each stream, and a client that keeps it closed makes the answer wait in our memory while the
//! connection itself goes on: the socket takes whatever other streams send. hyper waits for the window without a limit and
//! offers no hook for that. But it runs each stream as a future on an executor of ours, and what the pipeline last said inside of it
//! tells who is waited for.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::rt::Executor;
use hyper_util::rt::TokioExecutor;
use pin_project_lite::pin_project;
use tokio::time::Sleep;

use crate::pipeline::said::{self, Said};
use crate::stream::served::write_timeouts;

/// Runs the streams of a connection, each until its client has not let it send for `limit`.
#[derive(Debug, Clone)]
pub(super) struct StreamExecutor {
    limit: Duration,
}

impl StreamExecutor {
    pub(super) fn new(limit: Duration) -> Self {
        Self { limit }
    }
}

impl<F> Executor<F> for StreamExecutor
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, stream: F) {
        TokioExecutor::new().execute(Watched {
            stream,
            limit: self.limit,
            stalled: None,
        });
    }
}

pin_project! {
    /// Dropping the stream resets it (CANCEL), and frees what it holds.
    struct Watched<F> {
        #[pin]
        stream: F,
        limit: Duration,
        // Runs while the client does not let it send. Boxed: few streams ever need it.
        stalled: Option<Pin<Box<Sleep>>>,
    }
}

impl<F: Future<Output = ()>> Future for Watched<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        let (polled, said) = said::during(|| this.stream.poll(context));
        if polled.is_ready() {
            return Poll::Ready(());
        }
        match said {
            Said::Wait => *this.stalled = None,
            // A piece was taken, and the next one waits.
            Said::Gave => *this.stalled = Some(Box::pin(tokio::time::sleep(*this.limit))),
            Said::Nothing => {}
        }
        let Some(stalled) = this.stalled else {
            return Poll::Pending;
        };
        ready!(stalled.as_mut().poll(context));
        write_timeouts().increment(1);
        tracing::debug!(target: "rustboot::web", "the client did not let a stream send in time");
        Poll::Ready(())
    }
}
