//! A connection as it is handed to hyper, and by hyper to whoever upgrades it.
//!
//! While it speaks HTTP this adds nothing but two branches, and a timer while the client does not read. It does not look at
//! what is written before an upgrade.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use metrics::Counter;
use rustboot_observe::metrics::names::HTTP_SERVER_WRITE_TIMEOUTS;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use super::farewell::{self, Frames, GOING_AWAY};
use super::linger::{self, Linger};
use crate::pipeline::ConnectionState;

/// See the module.
pub(crate) struct Served<S: AsyncWrite + Unpin> {
    io: S,
    state: Arc<ConnectionState>,
    write_timeout: Duration,
    /// Runs while the client does not read.
    stalled: Option<Stalled>,
    /// Since the upgrade.
    upgraded: Option<Box<Upgraded>>,
    /// How it ends, when the client is not in step with us.
    parting: Parting,
}

/// The end of a connection.
#[derive(Debug)]
enum Parting {
    /// It is dropped as soon as our side has said that it is done.
    AtOnce,
    /// The same, unless the client still sends.
    InOrder,
    /// It does.
    Lingering(Box<Linger>),
}

/// Connections and streams that were given up because the client did not read.
pub(crate) fn write_timeouts() -> Counter {
    metrics::counter!(HTTP_SERVER_WRITE_TIMEOUTS)
}

#[derive(Debug)]
struct Stalled {
    timer: Pin<Box<Sleep>>,
    by: Waiting,
}

/// What waits for the client to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waiting {
    Write,
    /// TLS takes what is written, and keeps it.
    Flush,
}

#[derive(Debug)]
struct Upgraded {
    frames: Frames,
    /// How much of our close frame is out.
    farewell: usize,
    /// Follows what the handler writes after that, and nobody reads.
    unheard: Option<Frames>,
    /// Begins when the handler has heard of the end: it will drop the connection.
    linger: Option<Linger>,
}

impl<S: AsyncWrite + Unpin> Served<S> {
    /// `is_in_order` is whether one request comes after the other, so that a client may still send the last one when it is answered:
    /// not of HTTP/2, whose streams have windows of their own.
    pub(crate) fn new(
        io: S,
        state: Arc<ConnectionState>,
        write_timeout: Duration,
        is_in_order: bool,
    ) -> Self {
        Self {
            parting: match is_in_order {
                true => Parting::InOrder,
                false => Parting::AtOnce,
            },
            io,
            state,
            write_timeout,
            stalled: None,
            upgraded: None,
        }
    }
}

impl<S: AsyncWrite + Unpin> Drop for Served<S> {
    fn drop(&mut self) {
        if self.state.tether().is_upgraded() && !self.state.tether().is_cut() {
            // Who has a WebSocket only drops it. TLS has to say that this was the end, or it looks like a connection that was
            // cut by somebody else. Where that cannot be written at once, nobody would wait for it.
            let mut context = Context::from_waker(Waker::noop());
            let _said = Pin::new(&mut self.io).poll_shutdown(&mut context);
        }
        self.state.tether().drop_connection();
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Served<S> {
    fn read(&mut self, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(context, into)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Served<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.state.tether().is_upgraded() {
            let before = into.filled().len();
            let read = self.read(context, into);
            let received = into.filled().len() - before;
            if received > 0 {
                self.state.heard(received);
            }
            return read;
        }
        // Before the looks at what has been asked for, so that nothing is missed.
        self.state.tether().reader.register(context.waker());
        if self.state.tether().is_cut() {
            return Poll::Ready(Err(cut()));
        }
        // A handler that only listens has no other occasion. When the frame cannot be written now, a later poll does.
        if let Poll::Ready(Err(error)) = self.poll_farewell(context) {
            return Poll::Ready(Err(error));
        }
        self.read(context, into)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Served<S> {
    /// A write or flush has had this result. A client that does not read for too long has lost its connection.
    #[inline]
    fn watched<T>(
        &mut self,
        done: Poll<io::Result<T>>,
        by: Waiting,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if done.is_pending() {
            return self.stall(by, context);
        }
        // That something more was taken says nothing of what waits for the flush.
        if self
            .stalled
            .as_ref()
            .is_some_and(|stalled| stalled.by == Waiting::Write || by == Waiting::Flush)
        {
            self.stalled = None;
            self.state.sends_again();
        }
        done
    }

    #[cold]
    fn stall<T>(&mut self, by: Waiting, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        let timeout = self.write_timeout;
        self.state.waits_to_send();
        let stalled = self.stalled.get_or_insert_with(|| Stalled {
            timer: Box::pin(tokio::time::sleep(timeout)),
            by,
        });
        ready!(stalled.timer.as_mut().poll(context));
        self.state.tether().cut();
        write_timeouts().increment(1);
        tracing::debug!(target: "rustboot::web", peer = ?self.state.peer(), "the client did not read in time");
        Poll::Ready(Err(io::Error::new(
            io::ErrorKind::TimedOut,
            "the client did not read in time",
        )))
    }

    /// Writes our close frame, when it is due and may stand here. Ready when nothing is left to do now.
    fn poll_farewell(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.state.tether().says_farewell() {
            return Poll::Ready(Ok(()));
        }
        let upgraded = upgraded(&mut self.upgraded);
        let begun = upgraded.farewell > 0;
        if !begun && (!upgraded.frames.is_between() || upgraded.frames.is_closed()) {
            return Poll::Ready(Ok(()));
        }
        while upgraded.farewell < GOING_AWAY.len() {
            let rest = &GOING_AWAY[upgraded.farewell..];
            let written = ready!(Pin::new(&mut self.io).poll_write(context, rest))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            upgraded.farewell += written;
        }
        if upgraded.unheard.is_none() {
            // What follows from here is between two frames as well.
            upgraded.unheard = Some(upgraded.frames.clone());
            // It may be the one whose place among those who wait to write was taken here.
            self.state.tether().writer.wake();
            ready!(Pin::new(&mut self.io).poll_flush(context))?;
        }
        Poll::Ready(Ok(()))
    }

    /// Before the handler learns that it is over, and drops the connection: what the client has sent and nobody has read would
    /// make a reset of that, which may overtake our close frame.
    fn poll_linger(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let state = upgraded(&mut self.upgraded);
        // Whether that works or not, there is nothing more to say; a client that does not let us say it has the same time.
        let _said = Pin::new(&mut self.io).poll_shutdown(context);
        let linger = state.linger.get_or_insert_default();
        linger.poll(&mut self.io, context)
    }

    fn poll_write_upgraded(
        &mut self,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.state.tether().writer.register(context.waker());
        if self.state.tether().is_cut() {
            return Poll::Ready(Err(cut()));
        }
        match self.poll_farewell(context) {
            Poll::Ready(said) => said?,
            Poll::Pending => return self.stall(Waiting::Write, context),
        }
        let stopping = self.state.tether().says_farewell();
        let state = upgraded(&mut self.upgraded);
        if let Some(unheard) = &mut state.unheard {
            let heard = after_farewell(unheard, bytes);
            if heard.is_err() {
                ready!(self.poll_linger(context));
            }
            return Poll::Ready(heard);
        }
        // Once the close frame is due, no further than to where it may stand.
        let step = match stopping && !state.frames.is_closed() {
            true => state.frames.rest_of_frame(bytes).max(1).min(bytes.len()),
            false => bytes.len(),
        };
        let written = Pin::new(&mut self.io).poll_write(context, &bytes[..step]);
        let written = ready!(self.watched(written, Waiting::Write, context))?;
        let frames = &mut upgraded(&mut self.upgraded).frames;
        let is_head = frames.is_in_head();
        frames.wrote(&bytes[..written]);
        if !is_head {
            self.state.tether().sent(written as u64);
        }
        Poll::Ready(Ok(written))
    }
}

fn upgraded(slot: &mut Option<Box<Upgraded>>) -> &mut Upgraded {
    slot.get_or_insert_with(|| {
        Box::new(Upgraded {
            frames: Frames::new(),
            farewell: 0,
            unheard: None,
            linger: None,
        })
    })
}

/// After a close frame there are no others (RFC 6455, section 5.5.1). The handler's answer to the client's close is lost, since
/// ours was that; a message fails, so that a handler that only sends learns of the end.
fn after_farewell(frames: &mut Frames, bytes: &[u8]) -> io::Result<usize> {
    if bytes.is_empty() {
        return Ok(0);
    }
    if frames.is_between() && farewell::is_message(bytes[0]) {
        return Err(io::Error::new(
            io::ErrorKind::BrokenPipe,
            "the application stops, and the WebSocket is closed",
        ));
    }
    // At least one: where a frame begins, nothing belongs to the one before.
    let step = frames.rest_of_frame(bytes).max(1);
    frames.wrote(&bytes[..step]);
    Ok(step)
}

fn cut() -> io::Error {
    io::Error::new(
        io::ErrorKind::ConnectionAborted,
        "the application has stopped",
    )
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Served<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.state.tether().is_upgraded() {
            return self.poll_write_upgraded(context, bytes);
        }
        let written = Pin::new(&mut self.io).poll_write(context, bytes);
        self.watched(written, Waiting::Write, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.state.tether().is_upgraded() {
            let first = slices.iter().find(|slice| !slice.is_empty());
            return self.poll_write_upgraded(context, first.map_or(&[], |slice| slice));
        }
        let written = Pin::new(&mut self.io).poll_write_vectored(context, slices);
        self.watched(written, Waiting::Write, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Of TCP, nothing; of TLS, what it has encrypted and not written.
        let flushed = Pin::new(&mut self.io).poll_flush(context);
        self.watched(flushed, Waiting::Flush, context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self {
            io, state, parting, ..
        } = self.get_mut();
        if !matches!(parting, Parting::Lingering(_)) {
            ready!(Pin::new(&mut *io).poll_shutdown(context))?;
        }
        if matches!(parting, Parting::InOrder) && !state.tether().is_upgraded() {
            // An error may be the answer to a request that has not come as a whole, and more of it be on its way.
            if !state.has_refused() && !linger::has_unread(io, context) {
                return Poll::Ready(Ok(()));
            }
            *parting = Parting::Lingering(Box::default());
        }
        match parting {
            Parting::Lingering(linger) => linger.poll(io, context).map(Ok),
            _ => Poll::Ready(Ok(())),
        }
    }
}
