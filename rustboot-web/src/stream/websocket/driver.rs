//! Between a WebSocket's two queues and its connection.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::ws;
use axum::extract::ws::{CloseCode, CloseFrame, Message, Utf8Bytes};
use futures_util::{Sink as _, Stream as _};
use rustboot_core::lifecycle::Shutdown;
use tokio::sync::mpsc;
use tokio::time::{Instant, Sleep};
use tokio_util::sync::PollSender;
use tungstenite::Error as ProtocolError;

use super::extract::Terms;
use crate::stream::{Kind, cut};

/// Close codes (RFC 6455, section 7.4.1).
pub(super) mod codes {
    use axum::extract::ws::{CloseCode, close_code};

    pub(in super::super) const NORMAL: CloseCode = close_code::NORMAL;
    pub(in super::super) const AWAY: CloseCode = close_code::AWAY;
    pub(in super::super) const PROTOCOL: CloseCode = close_code::PROTOCOL;
    pub(in super::super) const INVALID: CloseCode = close_code::INVALID;
    pub(in super::super) const SIZE: CloseCode = close_code::SIZE;
    pub(in super::super) const ERROR: CloseCode = close_code::ERROR;
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Messages go both ways.
    Open,
    /// The application stops: the handler has until then to return.
    Stopping(Instant),
    /// Our close frame is on its way; the client has until then to answer it.
    Closing(Instant),
}

/// See the module. Polled by the task of the handler; ready when the connection may be dropped.
pub(super) struct Driver {
    socket: ws::WebSocket,
    /// `None` when the handler gets no more.
    to_handler: Option<PollSender<Message>>,
    from_handler: mpsc::Receiver<Message>,
    terms: Terms,
    stage: Stage,
    /// Gone once it has been seen.
    shutdown: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    /// How to close when the queue is empty: the handler has returned.
    last: Option<CloseCode>,
    /// Written to the socket, and perhaps not to the connection.
    unflushed: bool,
    /// The client broke a rule: nothing more can be read.
    failed: bool,
    heard: Instant,
    pinged: Instant,
    ping_is_due: bool,
    timer: Pin<Box<Sleep>>,
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Driver({:?})", self.stage)
    }
}

/// How long a client that broke a rule keeps its connection. What it has sent besides is not read, and dropping the connection
/// resets it: by then it should have seen why.
const LINGER: Duration = Duration::from_secs(1);

/// Nothing more can be done with the connection.
struct Gone;

impl Driver {
    pub(super) fn new(
        socket: ws::WebSocket,
        to_handler: mpsc::Sender<Message>,
        from_handler: mpsc::Receiver<Message>,
        terms: Terms,
        shutdown: Shutdown,
    ) -> Self {
        let now = Instant::now();
        Self {
            socket,
            to_handler: Some(PollSender::new(to_handler)),
            from_handler,
            terms,
            stage: Stage::Open,
            shutdown: Some(Box::pin(async move { shutdown.requested().await })),
            last: None,
            unflushed: false,
            failed: false,
            heard: now,
            pinged: now,
            ping_is_due: false,
            timer: Box::pin(tokio::time::sleep(terms.ping_interval)),
        }
    }

    /// The handler has returned: what is in its queue goes out, then the close.
    pub(super) fn handler_is_done(&mut self, code: CloseCode) {
        self.from_handler.close();
        self.to_handler = None;
        let is_stopping = matches!(self.stage, Stage::Stopping(_));
        self.last = Some(match (code, is_stopping) {
            (codes::NORMAL, true) => codes::AWAY,
            (code, _) => code,
        });
    }

    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if let Some(shutdown) = &mut self.shutdown
            && shutdown.as_mut().poll(context).is_ready()
        {
            self.shutdown = None;
            self.stop();
        }
        loop {
            if self.write(context).is_err() || self.read(context).is_err() {
                return Poll::Ready(());
            }
            // What was read may have to be answered.
            if self.unflushed && self.write(context).is_err() {
                return Poll::Ready(());
            }
            match self.next_deadline() {
                Err(Gone) => return Poll::Ready(()),
                Ok(deadline) if deadline != self.timer.deadline() => {
                    self.timer.as_mut().reset(deadline);
                }
                Ok(_) => {}
            }
            if self.timer.as_mut().poll(context).is_pending() && !self.ping_is_due {
                return Poll::Pending;
            }
            if self.ping_is_due && self.is_blocked(context) {
                // Asked when the client reads again; until then, its silence is measured.
                return Poll::Pending;
            }
        }
    }

    /// The application stops.
    fn stop(&mut self) {
        if self.stage != Stage::Open {
            return;
        }
        self.stage = Stage::Stopping(Instant::now() + self.terms.close_timeout);
        // `recv` gives what is there, and then `None`.
        self.to_handler = None;
        if self.last == Some(codes::NORMAL) {
            self.last = Some(codes::AWAY);
        }
    }

    /// Whether the connection takes nothing at the moment.
    fn is_blocked(&mut self, context: &mut Context<'_>) -> bool {
        Pin::new(&mut self.socket).poll_ready(context).is_pending()
    }

    /// Everything that can be written now.
    fn write(&mut self, context: &mut Context<'_>) -> Result<(), Gone> {
        while !matches!(self.stage, Stage::Closing(_)) {
            match Pin::new(&mut self.socket).poll_ready(context) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(_)) => return Err(Gone),
                Poll::Pending => break,
            }
            if self.ping_is_due {
                self.ping_is_due = false;
                self.pinged = Instant::now();
                self.start(Message::Ping(Default::default()))?;
            }
            match self.from_handler.poll_recv(context) {
                Poll::Ready(Some(Message::Close(frame))) => self.close(frame)?,
                Poll::Ready(Some(message)) => self.start(message)?,
                Poll::Ready(None) => match self.last {
                    Some(code) => self.close_with(code, "")?,
                    // The handler has dropped both of its ends, and goes on with something else.
                    None if self.to_handler.as_ref().is_none_or(PollSender::is_closed) => {
                        let code = match self.stage {
                            Stage::Stopping(_) => codes::AWAY,
                            _ => codes::NORMAL,
                        };
                        self.close_with(code, "")?;
                    }
                    None => break,
                },
                Poll::Pending => break,
            }
        }
        if self.unflushed {
            match Pin::new(&mut self.socket).poll_flush(context) {
                Poll::Ready(Ok(())) => self.unflushed = false,
                Poll::Ready(Err(_)) => return Err(Gone),
                Poll::Pending => {}
            }
        }
        Ok(())
    }

    fn start(&mut self, message: Message) -> Result<(), Gone> {
        self.unflushed = true;
        Pin::new(&mut self.socket)
            .start_send(message)
            .map_err(|_| Gone)
    }

    fn close_with(&mut self, code: CloseCode, reason: &'static str) -> Result<(), Gone> {
        self.close(Some(CloseFrame {
            code,
            reason: Utf8Bytes::from_static(reason),
        }))
    }

    fn close(&mut self, frame: Option<CloseFrame>) -> Result<(), Gone> {
        self.closing(self.terms.close_timeout);
        self.start(Message::Close(frame))
    }

    /// No messages any more, in either direction.
    fn closing(&mut self, limit: Duration) {
        self.stage = Stage::Closing(Instant::now() + limit);
        self.ping_is_due = false;
        self.to_handler = None;
        // Whoever still sends is told that it is too late.
        self.from_handler.close();
    }

    /// Everything that has come and that the handler has room for.
    fn read(&mut self, context: &mut Context<'_>) -> Result<(), Gone> {
        while !self.failed {
            if let Some(to_handler) = &mut self.to_handler {
                match to_handler.poll_reserve(context) {
                    Poll::Ready(Ok(())) => {}
                    // It does not want any. The rest is read for the sake of pongs and of the close.
                    Poll::Ready(Err(_)) => self.to_handler = None,
                    // The handler is slow, and the client not to blame for it.
                    Poll::Pending => {
                        self.heard = Instant::now();
                        return Ok(());
                    }
                }
            }
            match Pin::new(&mut self.socket).poll_next(context) {
                Poll::Pending => return Ok(()),
                Poll::Ready(None) => return Err(Gone),
                Poll::Ready(Some(Err(error))) => return self.fail(error),
                Poll::Ready(Some(Ok(message))) => self.heard(message),
            }
        }
        Ok(())
    }

    fn heard(&mut self, message: Message) {
        self.heard = Instant::now();
        match message {
            Message::Text(_) | Message::Binary(_) => {
                if let Some(to_handler) = &mut self.to_handler
                    && to_handler.send_item(message).is_err()
                {
                    self.to_handler = None;
                }
            }
            // The answer is written with the next read, and after that there is nothing more to read.
            Message::Close(_) => self.closing(self.terms.close_timeout),
            Message::Ping(_) => self.unflushed = true,
            Message::Pong(_) => {}
        }
    }

    /// The client broke a rule, or is gone.
    fn fail(&mut self, error: axum::Error) -> Result<(), Gone> {
        self.to_handler = None;
        tracing::debug!(target: "rustboot::web", %error, "a WebSocket failed");
        let error = error.into_inner();
        let (code, reason) = match error.downcast_ref::<ProtocolError>() {
            Some(ProtocolError::Capacity(_)) => {
                cut(Kind::Upgraded, "too_large");
                (codes::SIZE, "the message is too large")
            }
            Some(ProtocolError::Utf8(_)) => (codes::INVALID, "the text is not UTF-8"),
            Some(ProtocolError::Protocol(
                tungstenite::error::ProtocolError::ResetWithoutClosingHandshake,
            )) => return Err(Gone),
            Some(ProtocolError::Protocol(_)) => (codes::PROTOCOL, "not what RFC 6455 says"),
            _ => return Err(Gone),
        };
        self.failed = true;
        if let Stage::Closing(_) = self.stage {
            return Err(Gone);
        }
        self.close_with(code, reason)?;
        self.stage = Stage::Closing(Instant::now() + LINGER.min(self.terms.close_timeout));
        Ok(())
    }

    /// Does what is due, and says when something will be.
    fn next_deadline(&mut self) -> Result<Instant, Gone> {
        let now = Instant::now();
        if let Stage::Stopping(until) = self.stage
            && until <= now
        {
            self.close_with(codes::AWAY, "")?;
        }
        if let Stage::Closing(until) = self.stage {
            return match until <= now {
                true => Err(Gone),
                false => Ok(until),
            };
        }
        let silence = self.heard + self.terms.idle_timeout;
        if silence <= now {
            cut(Kind::Upgraded, "silent");
            tracing::debug!(target: "rustboot::web", "a WebSocket's client does not answer");
            return Err(Gone);
        }
        let ping = self.heard.max(self.pinged) + self.terms.ping_interval;
        if ping <= now {
            self.ping_is_due = true;
        }
        let mut next = silence;
        if !self.ping_is_due {
            next = next.min(ping);
        }
        if let Stage::Stopping(until) = self.stage {
            next = next.min(until);
        }
        Ok(next)
    }
}
