//! The body of an answer: counts its bytes and knows when it is out.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use bytes::Bytes;
use http::Method;
use http_body::{Body as HttpBody, Frame, SizeHint};

use super::record::Record;
use super::streaming::{self, Streaming};

/// A body with the record of its request. When it has been sent, or is dropped before that, the record is closed.
#[derive(Debug)]
pub(crate) struct PipelineBody {
    inner: Body,
    // Boxed, like in the future: both are moved several times on their way through hyper. `None` after an upgrade: the
    // connection has it.
    record: Option<Box<Record>>,
}

impl PipelineBody {
    /// `length` is what the body says of itself.
    pub(super) fn new(inner: Body, length: Option<u64>, mut record: Box<Record>) -> Self {
        let is_out = match length {
            Some(length) => length == 0,
            None => inner.is_end_stream(),
        };
        // Nobody asks for the frames of such a body.
        if is_out || record.method == Method::HEAD {
            record.end();
        }
        Self {
            inner,
            record: Some(record),
        }
    }

    /// What follows a 101.
    pub(super) fn empty() -> Self {
        Self {
            inner: Body::empty(),
            record: None,
        }
    }
}

impl HttpBody for PipelineBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Self { inner, record } = &mut *self;
        let Some(record) = record else {
            return Poll::Ready(None);
        };
        let frame = ready!(match record.streaming {
            Streaming::No => Pin::new(&mut *inner).poll_frame(context),
            _ => streaming::poll_frame(inner, record, context),
        });
        match &frame {
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    record.sent(data.len() as u64);
                }
                // hyper does not ask again once the body says that this was all.
                if inner.is_end_stream() {
                    record.end();
                }
            }
            Some(Err(_)) => {}
            None => record.end(),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for PipelineBody {
    fn drop(&mut self) {
        if let Some(record) = &mut self.record
            && !matches!(record.streaming, Streaming::No)
        {
            streaming::end(&mut self.inner, &mut record.correlation);
        }
    }
}
