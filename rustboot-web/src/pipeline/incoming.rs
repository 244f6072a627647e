//! The body of a request, with its small pieces put together.
//!
//! A piece that hyper hands out is a slice of the buffer that it read into, and keeps all of that: eight kilobytes for a client
//! that sends one byte at a time. And whoever collects a body keeps a handle for each piece: 32 bytes for a chunk of one. Both
//! are far from what `server.body_limit` promises. So what is small and not the end is copied, and what has been read
//! at the same time becomes one piece. Nothing is held back for longer than it takes to look once more: hyper hands out one
//! chunk, and the next one of the same packet when it is polled again.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};

/// From here on a piece is worth the buffer that it keeps.
const SMALL: usize = 4 * 1024;

/// What small pieces are copied into; each keeps a part of it.
const BLOCK: usize = 8 * 1024;

/// See the module.
#[derive(Debug)]
pub(super) struct Compact<B> {
    inner: B,
    block: BytesMut,
    /// Nothing has come since the last look.
    looked_again: bool,
    /// They came while a piece was being put together.
    trailers: Option<Box<HeaderMap>>,
}

impl<B> Compact<B> {
    pub(super) fn new(inner: B) -> Self {
        Self {
            inner,
            block: BytesMut::new(),
            looked_again: false,
            trailers: None,
        }
    }

    fn keep(&mut self, piece: &[u8]) {
        if self.block.capacity() - self.block.len() < piece.len() {
            self.block.reserve(piece.len().max(BLOCK));
        }
        self.block.extend_from_slice(piece);
        self.looked_again = false;
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Compact<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = self.get_mut();
        if let Some(trailers) = this.trailers.take() {
            return Poll::Ready(Some(Ok(Frame::trailers(*trailers))));
        }
        loop {
            let frame = match Pin::new(&mut this.inner).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => frame,
                // Half a body is of no use to anybody.
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error))),
                Poll::Pending if this.block.is_empty() => return Poll::Pending,
                Poll::Ready(None) if this.block.is_empty() => return Poll::Ready(None),
                Poll::Pending if !this.looked_again => {
                    this.looked_again = true;
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Poll::Pending | Poll::Ready(None) => break,
            };
            match frame.into_data() {
                Ok(piece) => {
                    let is_last = this.inner.is_end_stream();
                    if this.block.is_empty() && (is_last || piece.len() >= SMALL) {
                        return Poll::Ready(Some(Ok(Frame::data(piece))));
                    }
                    this.keep(&piece);
                    if is_last || this.block.len() >= SMALL {
                        break;
                    }
                }
                Err(frame) if this.block.is_empty() => return Poll::Ready(Some(Ok(frame))),
                Err(frame) => {
                    this.trailers = frame.into_trailers().ok().map(Box::new);
                    break;
                }
            }
        }
        Poll::Ready(Some(Ok(Frame::data(this.block.split().freeze()))))
    }

    fn is_end_stream(&self) -> bool {
        self.block.is_empty() && self.trailers.is_none() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let kept = self.block.len() as u64;
        let inner = self.inner.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(inner.lower() + kept);
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper + kept);
        }
        hint
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::convert::Infallible;
    use std::task::Waker;

    use super::*;

    /// What comes, in this order; the end after it.
    struct Script(VecDeque<Option<Frame<Bytes>>>);

    impl Body for Script {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            match self.0.pop_front() {
                Some(Some(frame)) => Poll::Ready(Some(Ok(frame))),
                Some(None) => Poll::Pending,
                None => Poll::Ready(None),
            }
        }

        fn is_end_stream(&self) -> bool {
            self.0.is_empty()
        }
    }

    fn data(length: usize) -> Option<Frame<Bytes>> {
        Some(Frame::data(vec![b'x'; length].into()))
    }

    fn trailers() -> Option<Frame<Bytes>> {
        Some(Frame::trailers(HeaderMap::new()))
    }

    /// The lengths of what comes out; -1 for a wait, -2 for trailers.
    fn out(script: Vec<Option<Frame<Bytes>>>) -> Vec<isize> {
        let mut body = Compact::new(Script(script.into()));
        let mut context = Context::from_waker(Waker::noop());
        let mut out = Vec::new();
        loop {
            match Pin::new(&mut body).poll_frame(&mut context) {
                Poll::Pending => out.push(-1),
                Poll::Ready(None) => return out,
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => out.push(data.len().try_into().unwrap()),
                    Err(_) => out.push(-2),
                },
                Poll::Ready(Some(Err(never))) => match never {},
            }
            if body.is_end_stream() {
                return out;
            }
        }
    }

    #[test]
    fn small_pieces_become_one_and_nothing_is_held_back() {
        assert_eq!(out(vec![data(100)]), [100]);
        assert_eq!(out(vec![data(100_000), data(100_000)]), [100_000, 100_000]);
        assert_eq!(out(vec![data(1), data(2), data(3)]), [6]);
        // A second look finds more, or nothing.
        assert_eq!(out(vec![data(1), None, data(2), data(3)]), [-1, 6]);
        assert_eq!(out(vec![data(1), None, None, data(2)]), [-1, 1, 2]);
        // The end becomes known while a piece is kept.
        assert_eq!(out(vec![data(1), None]), [-1, 1]);
        assert_eq!(out(vec![data(1), data(5000), data(2)]), [5001, 2]);
        let pieces = vec![data(4000), data(4000), data(4000)];
        assert_eq!(out(pieces), [8000, 4000]);
        assert_eq!(out(vec![data(1), data(1), trailers()]), [2, -2]);
        assert_eq!(out(vec![trailers()]), [-2]);
        assert_eq!(out(vec![None, None]), [-1, -1]);
    }

    /// A million pieces of one byte, each from a buffer of its own, keep a million bytes.
    #[test]
    fn a_piece_does_not_keep_the_buffer_that_it_came_in() {
        let mut script = Vec::new();
        for _ in 0..1000 {
            script.extend([data(1), None, None]);
        }
        let mut body = Compact::new(Script(script.into()));
        let mut context = Context::from_waker(Waker::noop());
        let mut pieces = Vec::new();
        while !body.is_end_stream() {
            if let Poll::Ready(Some(Ok(frame))) = Pin::new(&mut body).poll_frame(&mut context) {
                pieces.push(frame.into_data().unwrap());
            }
        }
        assert_eq!(pieces.len(), 1000);
        let blocks = pieces
            .windows(2)
            .filter(|pair| pair[1].as_ptr() != pair[0].as_ptr().wrapping_add(1))
            .count();
        assert!(blocks <= 1, "they lie one after the other: {blocks}");
    }
}
