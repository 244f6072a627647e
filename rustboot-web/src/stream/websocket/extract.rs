//! The extractor that turns a request into a WebSocket.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::extract::ws;
use axum::extract::ws::rejection::WebSocketUpgradeRejection as Rejection;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use rustboot_core::Error;
use rustboot_core::lifecycle::Shutdown;
use rustboot_observe::correlation::{self, Correlated};

use super::socket::WebSocket;
use super::{origin, session};
use crate::stream::outcome::StreamOutcome;
use crate::stream::{Managed, Streams};

/// Bytes that are read and written at once. tungstenite's own 128 KiB each would make every idle client a large one.
const BUFFER: usize = 8 * 1024;

/// A request to become a WebSocket (RFC 6455): an extractor for a `#[get]` handler, or one in a mounted router.
///
/// ```
/// # use rustboot_web::WebSocketUpgrade;
/// # use axum::response::Response;
/// async fn echo(upgrade: WebSocketUpgrade) -> Response {
///     upgrade.on_upgrade(async |mut socket| {
///         while let Some(message) = socket.recv().await {
///             socket.send(message).await?;
///         }
///         Ok(())
///     })
/// }
/// ```
///
/// It has the limits of `[websocket]`: a ping for a client that is quiet, which is cut off when it does not answer; close code
/// 1009 for a message that is too large; 503 for a client too many. When the application stops, [`WebSocket::recv`] says that
/// nothing more comes, and the client is closed with 1001.
///
/// # Errors
/// A request that is none to upgrade gets 426 with `upgrade: websocket`; one that is wrong in another way what axum says, 400 or
/// 405. One from a page of another origin gets 403, unless `websocket.allowed_origins` has it. HTTP/2 has no upgrades; browsers open a connection of HTTP/1.1 for a WebSocket by themselves.
#[must_use]
pub struct WebSocketUpgrade {
    upgrade: ws::WebSocketUpgrade,
    terms: Terms,
    streams: Arc<Streams>,
    shutdown: Shutdown,
}

/// The limits of one WebSocket.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    pub(super) max_message_size: usize,
    pub(super) ping_interval: Duration,
    pub(super) idle_timeout: Duration,
    pub(super) queue: usize,
    pub(super) close_timeout: Duration,
}

impl fmt::Debug for WebSocketUpgrade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebSocketUpgrade({:?})", self.terms)
    }
}

impl<S: Send + Sync + 'static> FromRequestParts<S> for WebSocketUpgrade {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let app = rustboot_core::extract::app_context(parts, state)
            .map_err(IntoResponse::into_response)?
            .clone();
        let streams = app
            .attachment::<Streams>()
            .ok_or_else(|| Error::internal("the web module is not there").into_response())?;
        let config = &streams.websocket;
        let terms = Terms {
            max_message_size: usize::try_from(config.max_message_size.as_u64())
                .unwrap_or(usize::MAX),
            ping_interval: config.ping_interval,
            idle_timeout: config.idle_timeout,
            queue: config.queue,
            close_timeout: config.close_timeout,
        };
        let upgrade = ws::WebSocketUpgrade::from_request_parts(parts, state)
            .await
            .map_err(refuse)?;
        if !origin::is_allowed(parts, &config.allowed_origins) {
            tracing::warn!(
                target: "rustboot::web",
                origin = ?parts.headers.get(header::ORIGIN),
                host = ?parts.headers.get(header::HOST),
                "a page of another origin asked for a WebSocket; websocket.allowed_origins says which may"
            );
            return Err(
                Error::forbidden("pages of this origin may not open this WebSocket")
                    .into_response(),
            );
        }
        Ok(Self {
            upgrade,
            terms,
            shutdown: app.shutdown().clone(),
            streams,
        })
    }
}

/// RFC 9110, section 15.5.22: who is to upgrade is told to what.
fn refuse(rejection: Rejection) -> Response {
    match rejection {
        Rejection::InvalidConnectionHeader(_) | Rejection::InvalidUpgradeHeader(_) => {
            let mut response =
                (StatusCode::UPGRADE_REQUIRED, "this is a WebSocket").into_response();
            response
                .headers_mut()
                .insert(header::UPGRADE, HeaderValue::from_static("websocket"));
            response
        }
        Rejection::MethodNotGet(_) => {
            let mut response = rejection.into_response();
            let headers = response.headers_mut();
            headers.insert(header::ALLOW, HeaderValue::from_static("GET"));
            response
        }
        other => other.into_response(),
    }
}

impl WebSocketUpgrade {
    /// Another limit than `websocket.max_message_size`, in bytes, for what this client may send in one message.
    pub fn max_message_size(mut self, bytes: usize) -> Self {
        self.terms.max_message_size = bytes;
        self
    }

    /// Other limits than `websocket.ping_interval` and `websocket.idle_timeout`. The second has to be longer than the first, or
    /// every quiet client is cut off.
    pub fn heartbeat(mut self, ping_interval: Duration, idle_timeout: Duration) -> Self {
        self.terms.ping_interval = ping_interval;
        self.terms.idle_timeout = idle_timeout;
        self
    }

    /// The subprotocols that the handler speaks, best first. The first that the client offers as well is in the answer, and in
    /// [`WebSocket::protocol`].
    pub fn protocols<I>(mut self, protocols: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<Cow<'static, str>>,
    {
        self.upgrade = self.upgrade.protocols(protocols);
        self
    }

    /// The subprotocols that the client offers.
    pub fn requested_protocols(&self) -> impl Iterator<Item = &HeaderValue> {
        self.upgrade.requested_protocols()
    }

    /// The answer that upgrades. `handler` runs once it is out, in a task of its own that the stop waits for, with the id of the
    /// request on its log lines.
    ///
    /// The WebSocket is closed when `handler` returns: with 1000, with 1001 when the application stops, with 1011 when it returned
    /// an error or panicked (either is logged). It goes on when the client is gone, until it asks for the next message; what else
    /// it waits for belongs into a `select!` with [`WebSocketSender::closed`](super::WebSocketSender::closed). After
    /// `lifecycle.shutdown_timeout` it is dropped at an await, and counted as aborted.
    pub fn on_upgrade<F, Fut>(self, handler: F) -> Response
    where
        F: FnOnce(WebSocket) -> Fut + Send + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: StreamOutcome,
    {
        let Self {
            upgrade,
            terms,
            streams,
            shutdown,
        } = self;
        let managed = Managed::default();
        let opened = managed.clone();
        // Of the request whose handler calls this: the session runs in another task.
        let correlation = correlation::current(|current| current.cloned().unwrap_or_default());
        let session = move |socket| {
            Correlated::new(
                correlation,
                session::run(socket, handler, terms, opened, shutdown, streams),
            )
        };
        let upgrade = upgrade
            .max_message_size(terms.max_message_size)
            .max_frame_size(terms.max_message_size)
            .read_buffer_size(BUFFER)
            .write_buffer_size(BUFFER)
            .on_failed_upgrade(|error| {
                tracing::debug!(target: "rustboot::web", %error, "no WebSocket came of it");
            });
        let mut response = upgrade.on_upgrade(session);
        response.extensions_mut().insert(managed);
        response
    }
}
