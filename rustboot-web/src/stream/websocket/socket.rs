//! A WebSocket as its handler sees it: two queues.

use std::fmt;

use axum::extract::ws::{CloseCode, CloseFrame, Message, Utf8Bytes};
use http::HeaderValue;
use tokio::sync::mpsc;

use crate::stream::sse::StreamClosed;

/// A WebSocket. Made by [`WebSocketUpgrade::on_upgrade`](super::WebSocketUpgrade::on_upgrade).
///
/// Pings, pongs and the closing handshake are taken care of. Dropping it closes with 1000.
#[derive(Debug)]
pub struct WebSocket {
    sender: WebSocketSender,
    receiver: WebSocketReceiver,
    protocol: Option<HeaderValue>,
}

/// Sends to a client. Clones send to the same one, from any task; they do not keep the WebSocket open when its handler returns.
#[derive(Debug, Clone)]
pub struct WebSocketSender(mpsc::Sender<Message>);

/// Receives from a client.
#[derive(Debug)]
pub struct WebSocketReceiver(mpsc::Receiver<Message>);

impl WebSocket {
    pub(super) fn new(
        sender: mpsc::Sender<Message>,
        receiver: mpsc::Receiver<Message>,
        protocol: Option<HeaderValue>,
    ) -> Self {
        Self {
            sender: WebSocketSender(sender),
            receiver: WebSocketReceiver(receiver),
            protocol,
        }
    }

    /// The next message, a text or a binary one. `None` when there will be no other: the client has closed or is gone, it broke the
    /// protocol or a limit, or the application stops. Dropping the future loses nothing.
    ///
    /// When the application stops, what is sent before the handler returns still goes out, within `websocket.close_timeout`.
    pub async fn recv(&mut self) -> Option<Message> {
        self.receiver.recv().await
    }

    /// Like [`WebSocketSender::send`].
    ///
    /// # Errors
    /// When the WebSocket is closed.
    pub async fn send(&self, message: impl Into<Message>) -> Result<(), StreamClosed> {
        self.sender.send(message).await
    }

    /// Like [`WebSocketSender::close`].
    pub async fn close(&self, code: CloseCode, reason: impl Into<Utf8Bytes>) {
        self.sender.close(code, reason).await;
    }

    /// The subprotocol that was agreed upon.
    pub fn protocol(&self) -> Option<&HeaderValue> {
        self.protocol.as_ref()
    }

    /// Another sender, for other tasks.
    pub fn sender(&self) -> WebSocketSender {
        self.sender.clone()
    }

    /// Both directions, so that one can be used while the other one waits.
    pub fn split(self) -> (WebSocketSender, WebSocketReceiver) {
        (self.sender, self.receiver)
    }
}

impl WebSocketReceiver {
    /// Like [`WebSocket::recv`].
    pub async fn recv(&mut self) -> Option<Message> {
        self.0.recv().await
    }
}

impl WebSocketSender {
    /// Puts a message into the queue, and waits while `websocket.queue` messages are in there that the client has not read. A
    /// client that reads nothing at all is cut off after `server.write_timeout`. Dropping the future may lose the message.
    ///
    /// # Errors
    /// When the WebSocket is closed. With `?` in the handler this is its normal end, and no error that is logged.
    pub async fn send(&self, message: impl Into<Message>) -> Result<(), StreamClosed> {
        self.0.send(message.into()).await.map_err(|_| StreamClosed)
    }

    /// Puts a message into the queue when there is room. For a sender to many clients, which must not wait for a slow one.
    ///
    /// # Errors
    /// When there is no room, or the WebSocket is closed. The message is in the error.
    pub fn try_send(&self, message: impl Into<Message>) -> Result<(), SendError> {
        self.0
            .try_send(message.into())
            .map_err(|error| match error {
                mpsc::error::TrySendError::Full(message) => SendError::Full(message),
                mpsc::error::TrySendError::Closed(message) => SendError::Closed(message),
            })
    }

    /// Closes, after what is in the queue. Codes from 4000 on are the application's; see RFC 6455, section 7.4. The reason is cut
    /// at 123 bytes. Does nothing when it is closed.
    pub async fn close(&self, code: CloseCode, reason: impl Into<Utf8Bytes>) {
        let close = Message::Close(Some(CloseFrame {
            code,
            reason: short(reason.into()),
        }));
        // Closed already: as it should be.
        let _closed = self.0.send(close).await;
    }

    /// Waits until the WebSocket is closed: no message will get through any more.
    pub async fn closed(&self) {
        self.0.closed().await;
    }

    /// Whether it is closed.
    pub fn is_closed(&self) -> bool {
        self.0.is_closed()
    }
}

/// A control frame carries 125 bytes at most, the code included (RFC 6455, section 5.5).
pub(super) fn short(reason: Utf8Bytes) -> Utf8Bytes {
    const LONGEST: usize = 123;
    match reason.len() {
        0..=LONGEST => reason,
        _ => Utf8Bytes::from(&reason[..reason.floor_char_boundary(LONGEST)]),
    }
}

/// A message that was not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendError {
    /// The queue of the client is full: it does not read as fast.
    Full(Message),
    /// The WebSocket is closed.
    Closed(Message),
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "the client does not read as fast as it is sent to",
            Self::Closed(_) => "the WebSocket is closed",
        })
    }
}

impl std::error::Error for SendError {}
