//! A future that takes the request's correlation along, for work that a handler spawns.
//!
//! It does not keep the request alive and says nothing about when the task ends.

use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::{Correlation, current};

pin_project! {
    /// A future with a correlation that is current whenever it is polled, and while it is dropped.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Correlated<F> {
        // Taken out on drop, so that what the future's own drop logs carries the ids too.
        #[pin]
        future: Option<F>,
        correlation: Correlation,
    }

    impl<F> PinnedDrop for Correlated<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if this.future.is_some() {
                let _entered = this.correlation.enter();
                this.future.set(None);
            }
        }
    }
}

impl<F> Correlated<F> {
    /// `future` under `correlation`.
    pub fn new(correlation: Correlation, future: F) -> Self {
        Self {
            future: Some(future),
            correlation,
        }
    }
}

impl<F: Future> Future for Correlated<F> {
    type Output = F::Output;

    /// # Panics
    ///
    /// When polled again after it has finished, as futures may.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _entered = this.correlation.enter();
        match this.future.as_pin_mut() {
            Some(future) => future.poll(cx),
            // Only drop takes the future out, and nobody polls after that.
            None => Poll::Pending,
        }
    }
}

/// `future` under the correlation that is current right now, for `tokio::spawn` and the like:
/// log lines of the task then carry the request's id, also after the request has ended.
pub fn with_correlation<F: Future>(future: F) -> Correlated<F> {
    Correlated::new(
        current(|correlation| correlation.cloned().unwrap_or_default()),
        future,
    )
}
