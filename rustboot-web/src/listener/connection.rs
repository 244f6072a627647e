//! One connection, from its first byte to its end.

use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use super::preface::{self, HttpVersion, Peek};
use super::seldom::Seldom;
use super::socket::Stream;
use super::tls::Tls;
use crate::client_ip::Peer;
use crate::pipeline::{ConnectionService, ConnectionState, Pipeline};
use crate::stream::served::Served;

/// Limits of a connection.
#[derive(Debug, Clone)]
pub(crate) struct ConnectionSettings {
    pub(crate) header_read_timeout: Duration,
    pub(crate) header_limit: usize,
    pub(crate) write_timeout: Duration,
}

/// Streams of one HTTP/2 connection at a time. hyper has 200, the RFC suggests at least 100.
const MAX_STREAMS: u32 = 200;

/// A client that connected and was not heard yet may just be about to send its request.
const FIRST_REQUEST_GRACE: Duration = Duration::from_secs(1);

/// A client that had its answer may be sending the next request at this very moment. Closing under it would look like a
/// lost request; within this time it gets an answer with `connection: close` instead.
const IDLE_GRACE: Duration = Duration::from_millis(250);

/// What every connection of a listener is served under.
pub(super) struct Terms {
    pub(super) pipeline: Arc<Pipeline>,
    pub(super) settings: ConnectionSettings,
    /// `None` for a listener without TLS.
    pub(super) tls: Option<Tls>,
    /// Stop accepting, and let the connections come to their end.
    pub(super) closing: CancellationToken,
    /// Drop what is left.
    pub(super) aborting: CancellationToken,
}

/// Serves a connection until either side ends it. When `closing` is requested, requests under way and those that come
/// within a short grace are answered, and the connection ends; on `aborting` it is dropped.
pub(super) async fn serve(stream: Stream, terms: Arc<Terms>) {
    let stream = match stream {
        Stream::Tcp(stream) => stream,
        #[cfg(unix)]
        Stream::Unix(stream) => return plain(stream, Peer::Unix, &terms).await,
    };
    // Answers are written whole; waiting for more to fill a packet only adds 40 ms. Fails only on a dead socket.
    let _dead = stream.set_nodelay(true);
    let peer = stream.peer_addr().map_or(Peer::Unknown, Peer::Tcp);
    match &terms.tls {
        None => plain(stream, peer, &terms).await,
        // Boxed, so that the connections without TLS are not as large.
        Some(tls) => Box::pin(encrypted(stream, peer, tls, &terms)).await,
    }
}

async fn plain<S>(stream: S, peer: Peer, terms: &Terms)
where
    S: Peek + AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    // From here on: what the first bytes take counts as time of the head.
    let state = Arc::new(ConnectionState::new(peer));
    let limit = terms.settings.header_read_timeout;
    match opening(preface::read(&stream), limit, terms).await {
        Opening::Done(version) => http(stream, version, state, terms).await,
        Opening::Failed(error) => {
            tracing::debug!(target: "rustboot::web", ?peer, %error, "connection ended before its first request");
        }
        // It did not say enough in the time that a head may take. What it said is read, or the close would be a reset.
        Opening::Late => {
            let mut said = [0; 64];
            let _nothing_more = stream.try_read(&mut said).is_ok();
        }
        Opening::Ended => {}
    }
}

async fn encrypted(stream: TcpStream, peer: Peer, tls: &Tls, terms: &Terms) {
    match opening(tls.accept(stream), tls.handshake_timeout(), terms).await {
        Opening::Done((stream, version)) => {
            let state = Arc::new(ConnectionState::new(peer));
            http(stream, version, state, terms).await;
        }
        // Scanners, clients that do not trust the certificate, plain HTTP: many a day on a public port.
        Opening::Failed(error) => {
            tls.handshake_failed();
            tracing::debug!(target: "rustboot::web", ?peer, %error, "TLS handshake failed");
        }
        Opening::Late => {
            tls.handshake_failed();
            tracing::debug!(target: "rustboot::web", ?peer, "TLS handshake not finished in time");
        }
        Opening::Ended => {}
    }
}

/// How the time before the first request went.
enum Opening<T> {
    Done(T),
    Failed(io::Error),
    /// The client took too long.
    Late,
    /// The listener is closing, and the client has had its time.
    Ended,
}

async fn opening<T>(
    opening: impl Future<Output = io::Result<T>>,
    limit: Duration,
    terms: &Terms,
) -> Opening<T> {
    tokio::select! {
        biased;
        () = terms.aborting.cancelled() => Opening::Ended,
        () = long_closed(&terms.closing) => Opening::Ended,
        opened = tokio::time::timeout(limit, opening) => match opened {
            Ok(Ok(opened)) => Opening::Done(opened),
            Ok(Err(error)) => Opening::Failed(error),
            Err(_) => Opening::Late,
        }
    }
}

/// Speaks HTTP on a stream that is ready for it.
async fn http<S>(stream: S, version: HttpVersion, state: Arc<ConnectionState>, terms: &Terms)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let io = TokioIo::new(Served::new(
        stream,
        Arc::clone(&state),
        terms.settings.write_timeout,
    ));
    let service = ConnectionService {
        pipeline: Arc::clone(&terms.pipeline),
        connection: Arc::clone(&state),
    };
    let ends = Ends {
        state: &state,
        closing: &terms.closing,
        aborting: &terms.aborting,
        head_timeout: (version == HttpVersion::One).then_some(terms.settings.header_read_timeout),
    };
    let ended = match version {
        HttpVersion::One => {
            let connection = http1(&terms.settings)
                .serve_connection(io, service)
                .with_upgrades();
            run(connection, |it| it.graceful_shutdown(), &ends).await
        }
        // Boxed, so that the many connections of the other kind are not as large.
        HttpVersion::Two => {
            let connection = http2(&terms.settings).serve_connection(io, service);
            Box::pin(run(connection, |it| it.graceful_shutdown(), &ends)).await
        }
    };
    if let Err(error) = ended {
        // Resets, time-outs and malformed requests: the client's doing, and many a second on a public port.
        tracing::debug!(target: "rustboot::web", peer = ?state.peer(), error = %error, "connection ended");
    }
    if state.tether().is_upgraded() {
        after_upgrade(&state, &ends).await;
    }
}

/// The connection belongs to the handler of an upgrade now. Waits until it has been dropped, tells it when the application
/// stops, and cuts it off at the deadline.
async fn after_upgrade(state: &ConnectionState, ends: &Ends<'_>) {
    let tether = state.tether();
    let mut dropped = pin!(tether.dropped());
    tokio::select! {
        biased;
        () = &mut dropped => return,
        () = ends.closing.cancelled() => tether.stop(),
    }
    tokio::select! {
        biased;
        () = &mut dropped => return,
        () = ends.aborting.cancelled() => tether.cut(),
    }
    // A handler that waits for the client comes here at once; another one is left behind.
    dropped.await;
}

/// Drives a connection to its end.
async fn run<C: Future<Output = hyper::Result<()>>>(
    connection: C,
    shut_down: impl Fn(Pin<&mut C>),
    ends: &Ends<'_>,
) -> hyper::Result<()> {
    let mut connection = pin!(connection);
    let mut end = pin!(Seldom::new(ends.next(Stage::Serving)));
    loop {
        // By hand: `select!` does bookkeeping of its own, and this is polled several times a request.
        let event = std::future::poll_fn(|context| {
            if let Poll::Ready(event) = end.as_mut().poll(context) {
                return Poll::Ready(Err(event));
            }
            connection.as_mut().poll(context).map(Ok)
        })
        .await;
        let stage = match event {
            Ok(ended) => return ended,
            Err(End::Now) => return Ok(()),
            Err(End::Enter(stage)) => stage,
        };
        if stage == Stage::ShuttingDown {
            shut_down(connection.as_mut());
        }
        end.set(Seldom::new(ends.next(stage)));
    }
}

/// How far the end of a connection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Serving,
    /// The listener has closed; a request may be on its way.
    Grace,
    /// What is under way is answered, and nothing else.
    ShuttingDown,
}

enum End {
    Enter(Stage),
    /// Drop it.
    Now,
}

/// What can end a connection from our side.
struct Ends<'a> {
    state: &'a ConnectionState,
    closing: &'a CancellationToken,
    aborting: &'a CancellationToken,
    /// How long a head may take, from the end of the last answer on. Also the longest that a connection stays idle.
    head_timeout: Option<Duration>,
}

impl Ends<'_> {
    async fn next(&self, stage: Stage) -> End {
        tokio::select! {
            biased;
            () = self.aborting.cancelled() => End::Now,
            next = self.stage_after(stage) => End::Enter(next),
            () = self.silence() => {
                tracing::debug!(target: "rustboot::web", peer = ?self.state.peer(), "no request in time");
                End::Now
            }
        }
    }

    async fn stage_after(&self, stage: Stage) -> Stage {
        match stage {
            Stage::Serving => {
                self.closing.cancelled().await;
                Stage::Grace
            }
            Stage::Grace => {
                let grace = match self.state.requests() {
                    0 => FIRST_REQUEST_GRACE,
                    _ => IDLE_GRACE,
                };
                tokio::time::sleep(grace).await;
                Stage::ShuttingDown
            }
            Stage::ShuttingDown => std::future::pending().await,
        }
    }

    /// Over when no request has come for too long. hyper has a timer for this as well, which it arms for each head anew;
    /// this one is armed again only when it has run out, so that a request costs it nothing.
    async fn silence(&self) {
        let Some(limit) = self.head_timeout else {
            return std::future::pending().await;
        };
        loop {
            let now = Instant::now();
            // While a request is being answered, the next deadline is a whole limit away at least.
            let since = self.state.waiting_since().unwrap_or(now);
            let left = limit.saturating_sub(now.saturating_duration_since(since));
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left).await;
        }
    }
}

/// The listener has closed, and a client that was about to speak has had its time.
async fn long_closed(closing: &CancellationToken) {
    closing.cancelled().await;
    tokio::time::sleep(FIRST_REQUEST_GRACE).await;
}

fn http1(settings: &ConnectionSettings) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        // See `Ends::silence`.
        .header_read_timeout(None)
        .max_buf_size(settings.header_limit);
    builder
}

fn http2(settings: &ConnectionSettings) -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(settings.header_limit).unwrap_or(u32::MAX))
        .max_concurrent_streams(MAX_STREAMS)
        // A peer that is gone without a word is noticed, and its connection freed.
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(20));
    builder
}
