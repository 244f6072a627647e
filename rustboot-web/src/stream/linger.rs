//! The end of a connection on which the client still sends what nobody wants.
//!
//! Closing a socket with unread bytes makes the kernel answer with a reset, and a reset may throw away what we said last before the
//! client has read it (RFC 9112, section 9.6, says so of HTTP). So our side says that it is done, and reads on for a while without
//! looking at what comes. A client that first writes all of its body, and reads only then, sees its 413.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::{Instant, Sleep};

/// For all of it.
const LONGEST: Duration = Duration::from_secs(5);

/// A client that has sent nothing for that long has read the answer, or will not.
const SILENCE: Duration = Duration::from_secs(1);

/// What may come. Who still sends after that does not listen.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// See the module.
#[derive(Debug)]
pub(super) struct Linger {
    until: Instant,
    timer: Pin<Box<Sleep>>,
    bytes: usize,
}

impl Default for Linger {
    fn default() -> Self {
        Self {
            until: Instant::now() + LONGEST,
            timer: Box::pin(tokio::time::sleep(SILENCE)),
            bytes: 0,
        }
    }
}

/// Whether something has come that nobody has read. That is thrown away.
pub(super) fn has_unread<S: AsyncRead + Unpin>(io: &mut S, context: &mut Context<'_>) -> bool {
    let mut scratch = [0; 4096];
    let mut buffer = ReadBuf::new(&mut scratch);
    let read = Pin::new(io).poll_read(context, &mut buffer);
    matches!(read, Poll::Ready(Ok(()))) && !buffer.filled().is_empty()
}

impl Linger {
    /// Ready when the client has ended its side as well, or has had its time.
    pub(super) fn poll<S: AsyncRead + Unpin>(
        &mut self,
        io: &mut S,
        context: &mut Context<'_>,
    ) -> Poll<()> {
        let mut scratch = [0; 4096];
        loop {
            let mut buffer = ReadBuf::new(&mut scratch);
            match Pin::new(&mut *io).poll_read(context, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    self.bytes += buffer.filled().len();
                    let now = Instant::now();
                    if self.bytes > MOST_BYTES || now >= self.until {
                        return Poll::Ready(());
                    }
                    self.timer.as_mut().reset(self.until.min(now + SILENCE));
                }
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => return self.timer.as_mut().poll(context),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::io::AsyncWriteExt as _;

    use super::*;

    async fn linger(io: &mut (impl AsyncRead + Unpin)) -> Duration {
        let at = Instant::now();
        let mut linger = Linger::default();
        poll_fn(|context| linger.poll(io, context)).await;
        at.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn it_ends_with_the_client_with_silence_and_with_its_time() {
        let (mut ours, mut theirs) = tokio::io::duplex(64);
        theirs.write_all(b"more").await.unwrap();
        drop(theirs);
        assert_eq!(linger(&mut ours).await, Duration::ZERO);

        let (mut ours, _theirs) = tokio::io::duplex(64);
        assert_eq!(linger(&mut ours).await, SILENCE);

        let (mut ours, mut theirs) = tokio::io::duplex(64);
        tokio::select! {
            took = linger(&mut ours) => assert_eq!(took, LONGEST),
            () = async {
                loop {
                    theirs.write_all(b"x").await.unwrap();
                    tokio::time::sleep(Duration::from_millis(300)).await;
                }
            } => {}
        }
    }

    #[tokio::test]
    async fn it_reads_no_more_than_so_much() {
        let mut endless = tokio::io::repeat(b'x');
        assert!(linger(&mut endless).await < LONGEST);
    }
}
