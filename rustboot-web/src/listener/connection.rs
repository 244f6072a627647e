//! One connection, from its first byte to its end.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use super::preface::{self, HttpVersion};
use crate::pipeline::{ConnectionService, ConnectionState, Pipeline};

/// Limits of a connection.
#[derive(Debug, Clone)]
pub(crate) struct ConnectionSettings {
    pub(crate) header_read_timeout: Duration,
    pub(crate) header_limit: usize,
}

/// Streams of one HTTP/2 connection at a time. hyper has 200, the RFC suggests at least 100.
const MAX_STREAMS: u32 = 200;

/// A client that connected and was not heard yet may just be about to send its request.
const FIRST_REQUEST_GRACE: Duration = Duration::from_secs(1);

/// A client that had its answer may be sending the next request at this very moment. Closing under it would look like a
/// lost request; within this time it gets an answer with `connection: close` instead.
const IDLE_GRACE: Duration = Duration::from_millis(250);

/// Serves a connection until either side ends it. When `closing` is requested, requests under way and those that come
/// within a short grace are answered, and the connection ends; on `aborting` it is dropped.
pub(super) async fn serve(
    stream: TcpStream,
    pipeline: Arc<Pipeline>,
    settings: ConnectionSettings,
    closing: CancellationToken,
    aborting: CancellationToken,
) {
    // Answers are written whole; waiting for more to fill a packet only adds 40 ms. Fails only on a dead socket.
    let _dead = stream.set_nodelay(true);
    let state = Arc::new(ConnectionState {
        peer: stream.peer_addr().ok(),
        ..ConnectionState::default()
    });
    let service = ConnectionService {
        pipeline,
        connection: Arc::clone(&state),
    };
    let version = tokio::select! {
        biased;
        () = aborting.cancelled() => return,
        () = long_closed(&closing) => return,
        version = tokio::time::timeout(settings.header_read_timeout, preface::read(&stream)) => version,
    };
    let version = match version {
        Ok(Ok(version)) => version,
        Ok(Err(error)) => {
            tracing::debug!(target: "rustboot::web", peer = ?state.peer, %error, "connection ended before its first request");
            return;
        }
        // It did not say enough in the time that a head may take. What it said is read, or the close would be a reset.
        Err(_) => {
            let mut said = [0; 64];
            let _nothing_more = stream.try_read(&mut said).is_ok();
            return;
        }
    };
    let builder = builder(&settings, version);
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
    tokio::pin!(connection);

    let ended = tokio::select! {
        biased;
        () = aborting.cancelled() => return,
        ended = connection.as_mut() => Some(ended),
        () = closing.cancelled() => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            let grace = match state.requests.load(Ordering::Relaxed) {
                0 => FIRST_REQUEST_GRACE,
                _ => IDLE_GRACE,
            };
            let ended = tokio::select! {
                biased;
                () = aborting.cancelled() => return,
                ended = connection.as_mut() => Some(ended),
                () = tokio::time::sleep(grace) => None,
            };
            match ended {
                Some(ended) => ended,
                None => {
                    connection.as_mut().graceful_shutdown();
                    tokio::select! {
                        biased;
                        () = aborting.cancelled() => return,
                        ended = connection.as_mut() => ended,
                    }
                }
            }
        }
    };
    if let Err(error) = ended {
        // Resets, time-outs and malformed requests: the client's doing, and many a second on a public port.
        tracing::debug!(target: "rustboot::web", peer = ?state.peer, error = %error, "connection ended");
    }
}

/// The listener has closed, and a client that was about to speak has had its time.
async fn long_closed(closing: &CancellationToken) {
    closing.cancelled().await;
    tokio::time::sleep(FIRST_REQUEST_GRACE).await;
}

fn builder(settings: &ConnectionSettings, version: HttpVersion) -> Builder<TokioExecutor> {
    let mut builder = match version {
        HttpVersion::One => Builder::new(TokioExecutor::new()).http1_only(),
        HttpVersion::Two => Builder::new(TokioExecutor::new()).http2_only(),
    };
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(settings.header_read_timeout)
        .max_buf_size(settings.header_limit);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(settings.header_limit).unwrap_or(u32::MAX))
        .max_concurrent_streams(MAX_STREAMS)
        // A peer that is gone without a word is noticed, and its connection freed.
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(20));
    builder
}
