//! One connection, from its first byte to its end.

use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use super::ends::{End, Ends, Patience, Stage, long_closed};
use super::preface::{self, HttpVersion, Peek};
use super::seldom::Seldom;
use super::socket::Stream;
use super::stalled::StreamExecutor;
use super::tls::Tls;
use crate::client_ip::Peer;
use crate::pipeline::{ConnectionService, ConnectionState, Pipeline};
use crate::stream::served::Served;

/// Limits of a connection.
#[derive(Debug, Clone)]
pub(crate) struct ConnectionSettings {
    pub(crate) header_limit: usize,
    pub(crate) patience: Patience,
}

/// Streams of one HTTP/2 connection at a time. hyper has 200, the RFC suggests at least 100.
const MAX_STREAMS: u32 = 200;

/// What one stream of HTTP/2 may have in our memory while the socket takes no more. hyper has 400 KiB, times the streams.
const SEND_BUFFER: usize = 64 * 1024;

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
    let peer = stream.peer_addr().map_or(Peer::Unknown, Peer::tcp);
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
    let limit = terms.settings.patience.head;
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
        terms.settings.patience.write,
        version == HttpVersion::One,
    ));
    let service = ConnectionService {
        pipeline: Arc::clone(&terms.pipeline),
        connection: Arc::clone(&state),
    };
    let ends = Ends {
        state: &state,
        closing: &terms.closing,
        aborting: &terms.aborting,
        version,
        patience: &terms.settings.patience,
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
            let polled = connection.as_mut().poll(context).map(Ok);
            if polled.is_pending() {
                ends.notice_head();
            }
            polled
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

fn http1(settings: &ConnectionSettings) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        // See `Ends`.
        .header_read_timeout(None)
        .max_buf_size(settings.header_limit);
    builder
}

fn http2(settings: &ConnectionSettings) -> http2::Builder<StreamExecutor> {
    let mut builder = http2::Builder::new(StreamExecutor::new(settings.patience.write));
    builder
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(settings.header_limit).unwrap_or(u32::MAX))
        .max_concurrent_streams(MAX_STREAMS)
        .max_send_buf_size(SEND_BUFFER)
        // A peer that is gone without a word is noticed, and its connection freed.
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(20));
    builder
}
