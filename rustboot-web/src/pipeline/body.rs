//! The body of an answer: counts its bytes and knows when it is out.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use bytes::Bytes;
use http::Method;
use http_body::{Body as HttpBody, Frame, SizeHint};

use super::record::Record;

/// A body with the record of its request. When it has been sent, or is dropped before that, the record is closed.
#[derive(Debug)]
pub(crate) struct PipelineBody {
    inner: Body,
    // Boxed, like in the future: both are moved several times on their way through hyper.
    record: Box<Record>,
}

impl PipelineBody {
    pub(super) fn new(inner: Body, record: Box<Record>) -> Self {
        let mut body = Self { inner, record };
        // Nobody asks for the frames of such a body.
        if body.record.method == Method::HEAD || body.inner.is_end_stream() {
            body.record.end();
        }
        body
    }
}

impl HttpBody for PipelineBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(context));
        match &frame {
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    self.record.sent(data.len() as u64);
                }
                // hyper does not ask again once the body says that this was all.
                if self.inner.is_end_stream() {
                    self.record.end();
                }
            }
            Some(Err(error)) => {
                tracing::error!(target: "rustboot::web", %error, "the body of an answer failed half-way");
            }
            None => self.record.end(),
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
