//! The body of an answer: counts its bytes and knows when it is out.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Version, header};
use http_body::{Body as HttpBody, Frame, SizeHint};

use super::answer_body::AnswerBody;
use super::record::Record;
use super::said;
use super::streaming::{self, Streaming};

/// A body with the record of its request. When it has been sent, or is dropped before that, the record is closed.
#[derive(Debug)]
pub(crate) struct PipelineBody {
    inner: AnswerBody,
    // Boxed, like in the future: both are moved several times on their way through hyper. `None` after an upgrade: the
    // connection has it.
    record: Option<Box<Record>>,
}

impl PipelineBody {
    /// `length` is what the body says of itself.
    pub(super) fn new(
        inner: AnswerBody,
        length: Option<u64>,
        headers: &mut HeaderMap,
        mut record: Box<Record>,
    ) -> Self {
        let is_out = match length {
            Some(length) => length == 0,
            None => inner.is_end_stream(),
        };
        // Nobody asks for the frames of such a body.
        if is_out || record.method == Method::HEAD {
            record.end();
        }
        if record.version == Version::HTTP_2 {
            withhold(length, headers, &mut record);
        }
        Self {
            inner,
            record: Some(record),
        }
    }

    /// What follows a 101.
    pub(super) fn empty() -> Self {
        Self {
            inner: AnswerBody::default(),
            record: None,
        }
    }
}

/// hyper leaves out the content of an answer that may have none, but of HTTP/1 only (RFC 9110, sections 6.4.1 and 9.3.2).
fn withhold(length: Option<u64>, headers: &mut HeaderMap, record: &mut Record) {
    let is_head = record.method == Method::HEAD;
    let without = [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED];
    record.withheld = is_head
        || record
            .status
            .is_some_and(|status| without.contains(&status));
    if let Some(length @ 1..) = length.filter(|_| is_head) {
        headers
            .entry(header::CONTENT_LENGTH)
            .or_insert_with(|| length.into());
    }
}

impl PipelineBody {
    fn poll_piece(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Self { inner, record } = self;
        let Some(record) = record else {
            return Poll::Ready(None);
        };
        let frame = match record.rest.is_empty() {
            true => ready!(match (&mut *inner, &record.streaming) {
                (AnswerBody::Any(body), Streaming::Body | Streaming::Events(_)) =>
                    streaming::poll_frame(body, record, context),
                (inner, _) => Pin::new(inner).poll_frame(context),
            }),
            false => Some(Ok(Frame::data(std::mem::take(&mut record.rest)))),
        };
        let frame = match frame {
            Some(Ok(frame)) => Some(Ok(cut(frame, record))),
            frame => frame,
        };
        match &frame {
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    record.sent(data.len() as u64);
                }
                // hyper does not ask again once the body says that this was all.
                if inner.is_end_stream() && record.rest.is_empty() {
                    record.end();
                }
            }
            Some(Err(_)) => {}
            None => record.end(),
        }
        Poll::Ready(frame)
    }

    /// How much is left of a piece that was too large.
    fn rest(&self) -> usize {
        self.record.as_ref().map_or(0, |record| record.rest.len())
    }
}

/// What one stream of HTTP/2 gives away at once: a frame. Once hyper has the last of an answer, nothing of ours is asked any
/// more, however long the client keeps it waiting; so hyper gets as little as possible.
const FRAME: usize = 16 * 1024;

/// The same for HTTP/1: hyper asks for the next piece when the socket has taken this one, so that a request whose client reads
/// slowly is not over, and not in the access log, until the client has nearly all of it. Large enough for few system calls.
const PIECE: usize = 256 * 1024;

#[inline]
fn cut(frame: Frame<Bytes>, record: &mut Record) -> Frame<Bytes> {
    match frame.data_ref() {
        Some(data) if data.len() > FRAME => cut_large(frame, record),
        _ => frame,
    }
}

#[cold]
fn cut_large(frame: Frame<Bytes>, record: &mut Record) -> Frame<Bytes> {
    let limit = match record.version {
        Version::HTTP_2 => FRAME,
        _ => PIECE,
    };
    match frame.into_data() {
        Ok(mut data) => {
            if data.len() > limit {
                record.rest = data.split_off(limit);
            }
            Frame::data(data)
        }
        Err(frame) => frame,
    }
}

impl HttpBody for PipelineBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = self.get_mut().poll_piece(context);
        said::note(&polled);
        polled
    }

    fn is_end_stream(&self) -> bool {
        match &self.record {
            Some(record) if record.withheld => true,
            Some(record) => self.inner.is_end_stream() && record.rest.is_empty(),
            None => self.inner.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = self.inner.size_hint();
        let rest = self.rest() as u64;
        if rest > 0 {
            let upper = hint.upper().map(|upper| upper.saturating_add(rest));
            let mut with_rest = SizeHint::new();
            with_rest.set_lower(hint.lower().saturating_add(rest));
            if let Some(upper) = upper {
                with_rest.set_upper(upper);
            }
            hint = with_rest;
        }
        hint
    }
}

impl Drop for PipelineBody {
    fn drop(&mut self) {
        if let AnswerBody::Any(body) = &mut self.inner
            && let Some(record) = &mut self.record
            && !matches!(record.streaming, Streaming::No)
        {
            streaming::end(body, &mut record.correlation);
        }
    }
}
