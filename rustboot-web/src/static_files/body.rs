//! The contents of a file on their way to the client.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame};
use tower_http::services::fs::ServeFileSystemResponseBody;

/// A body that knows when it is over: hyper asks for no more than `Content-Length` says, and what it does not ask for the access
/// log would call broken off. Its size is not in the hint, so that the pipeline looks after it as after everything that is made while
/// it is sent.
pub(super) struct FileBody {
    inner: ServeFileSystemResponseBody,
    left: u64,
}

impl FileBody {
    /// `length` is what `Content-Length` says.
    pub(super) fn new(inner: ServeFileSystemResponseBody, length: u64) -> Self {
        // The answer to a HEAD has the length, and nothing else.
        let left = match inner.is_end_stream() {
            true => 0,
            false => length,
        };
        Self { inner, left }
    }
}

impl Body for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        if this.left == 0 {
            return Poll::Ready(None);
        }
        Poll::Ready(
            match ready!(Pin::new(&mut this.inner).poll_frame(context)) {
                Some(Ok(frame)) => {
                    let bytes = frame.data_ref().map_or(0, Bytes::len);
                    this.left = this.left.saturating_sub(bytes as u64);
                    Some(Ok(frame))
                }
                Some(Err(error)) => Some(Err(error)),
                None => Some(Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    format!(
                        "the file has become shorter: {} bytes are missing",
                        this.left
                    ),
                ))),
            },
        )
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }
}
