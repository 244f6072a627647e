//! A body as the parser of forms gets it: in pieces, and no more than it may have while it looks for the head of a field.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use axum::BoxError;
use axum::body::BodyDataStream;
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};

/// What the parser gets at once. It has about twice that in memory at most.
pub(super) const PIECE: usize = 16 * 1024;

/// How much of the body may still be read before a head has to have ended.
#[derive(Debug)]
pub(super) struct Measure {
    left: AtomicUsize,
    /// What there was at first.
    given: AtomicUsize,
}

/// Data is measured by the limit of the body.
const UNMEASURED: usize = usize::MAX;

impl Measure {
    pub(super) fn new() -> Self {
        Self {
            left: AtomicUsize::new(UNMEASURED),
            given: AtomicUsize::new(UNMEASURED),
        }
    }

    /// A head is looked for.
    pub(super) fn begin(&self, bytes: usize) {
        // Both sides are used by one task, one after the other.
        self.given.store(bytes, Ordering::Relaxed);
        self.left.store(bytes, Ordering::Relaxed);
    }

    /// Data follows.
    pub(super) fn end(&self) {
        self.left.store(UNMEASURED, Ordering::Relaxed);
    }

    /// As much of a piece as may be read.
    fn take(&self, wanted: usize) -> Result<usize, HeadTooLong> {
        match self.left.load(Ordering::Relaxed) {
            UNMEASURED => Ok(wanted),
            0 => Err(HeadTooLong(self.given.load(Ordering::Relaxed))),
            left => {
                let taken = wanted.min(left);
                self.left.store(left - taken, Ordering::Relaxed);
                Ok(taken)
            }
        }
    }
}

/// So many bytes, and the head of a field has not ended.
#[derive(Debug)]
pub(super) struct HeadTooLong(pub(super) usize);

impl fmt::Display for HeadTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the head of a field is longer than {} bytes", self.0)
    }
}

impl std::error::Error for HeadTooLong {}

/// See the module.
pub(super) struct Metered {
    body: BodyDataStream,
    /// What has come of the body and was not given away.
    rest: Bytes,
    measure: Arc<Measure>,
    /// The parser reads until there is nothing, and only then looks at what it has.
    pauses: bool,
}

impl Metered {
    pub(super) fn new(body: BodyDataStream, measure: Arc<Measure>) -> Self {
        Self {
            body,
            rest: Bytes::new(),
            measure,
            pauses: false,
        }
    }
}

impl Stream for Metered {
    type Item = Result<Bytes, BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if std::mem::take(&mut self.pauses) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        while self.rest.is_empty() {
            match ready!(self.body.poll_next_unpin(context)) {
                Some(Ok(data)) => self.rest = data,
                Some(Err(error)) => return Poll::Ready(Some(Err(error.into()))),
                None => return Poll::Ready(None),
            }
        }
        let wanted = self.rest.len().min(PIECE);
        let taken = match self.measure.take(wanted) {
            Ok(taken) => taken,
            Err(too_long) => return Poll::Ready(Some(Err(too_long.into()))),
        };
        self.pauses = true;
        Poll::Ready(Some(Ok(self.rest.split_to(taken))))
    }
}
