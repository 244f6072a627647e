//! The accept loop.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connection::{self, ConnectionSettings};
use crate::pipeline::Pipeline;

/// What the loop works with.
pub(super) struct AcceptLoop {
    /// Taken when it closes.
    pub(super) listener: Option<TcpListener>,
    pub(super) pipeline: Arc<Pipeline>,
    pub(super) settings: ConnectionSettings,
    pub(super) max_connections: usize,
    pub(super) connections: TaskTracker,
    pub(super) closing: CancellationToken,
    pub(super) aborting: CancellationToken,
}

const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// From the first packet of a handshake to the last, with a client that is not on the other side of the world.
const HANDSHAKE_GRACE: Duration = Duration::from_millis(100);

/// Accepts until the listener is to close, then takes over what the operating system has already accepted for us: those
/// clients believe that they are connected.
pub(super) async fn run(accept: AcceptLoop) {
    let Some(listener) = &accept.listener else {
        return;
    };
    let room = Arc::new(Semaphore::new(
        accept.max_connections.min(Semaphore::MAX_PERMITS),
    ));
    let open = metrics::gauge!("http_server_connections");
    let mut pause = FIRST_PAUSE;
    loop {
        // Without room, connections wait in the operating system's queue: back-pressure, not refusal.
        let permit = tokio::select! {
            biased;
            () = accept.closing.cancelled() => break,
            permit = Arc::clone(&room).acquire_owned() => permit,
        };
        let Ok(permit) = permit else { break };
        let accepted = tokio::select! {
            biased;
            () = accept.closing.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                pause = FIRST_PAUSE;
                let open = open.clone();
                open.increment(1.0);
                let connection = serve(&accept, stream);
                accept.connections.spawn(async move {
                    connection.await;
                    open.decrement(1.0);
                    drop(permit);
                });
            }
            // The client went away between its handshake and our accept.
            Err(error) if is_about_the_connection(&error) => {}
            // Out of file descriptors or memory: without a pause this would spin until somebody closes one.
            Err(error) => {
                tracing::error!(target: "rustboot::web", %error, retry_in = ?pause, "cannot accept connections");
                tokio::select! {
                    () = accept.closing.cancelled() => break,
                    () = tokio::time::sleep(pause) => {}
                }
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
    refuse_new_handshakes(listener);
    // Those that have begun get the time of a round trip or two to complete.
    tokio::time::sleep(HANDSHAKE_GRACE).await;
    empty_queue(accept);
}

/// Takes over every connection that is in the queue. Asks the operating system itself: tokio would only look where its last
/// event said that something is there.
fn empty_queue(mut accept: AcceptLoop) {
    let Some(listener) = accept
        .listener
        .take()
        .and_then(|listener| listener.into_std().ok())
    else {
        return;
    };
    loop {
        match listener.accept() {
            Ok((stream, _)) => {
                let stream = stream
                    .set_nonblocking(true)
                    .and_then(|()| TcpStream::from_std(stream));
                if let Ok(stream) = stream {
                    accept.connections.spawn(serve(&accept, stream));
                }
            }
            Err(error) if is_about_the_connection(&error) => {}
            // The queue is empty, or nothing more can be opened.
            Err(_) => return,
        }
    }
}

/// Lets no further handshake begin, so that the queue can be emptied for good. A connection that completed between the last
/// `accept` and the close of the socket would be reset, and its client would have lost a request that it was allowed to
/// send. With this filter its first packet is dropped instead; the client tries again, and is refused like everybody.
#[cfg(target_os = "linux")]
fn refuse_new_handshakes(listener: &TcpListener) {
    use socket2::SockFilter;
    // Classic BPF over the TCP header. What is accepted from now on inherits the filter, so it must let everything pass
    // but the packet that begins a handshake.
    const LOAD_BYTE: u16 = 0x30;
    const JUMP_IF_ANY_BIT: u16 = 0x45;
    const RETURN: u16 = 0x06;
    const FLAGS: u32 = 13;
    const SYN: u32 = 0x02;
    let filter = [
        SockFilter::new(LOAD_BYTE, 0, 0, FLAGS),
        SockFilter::new(JUMP_IF_ANY_BIT, 0, 1, SYN),
        SockFilter::new(RETURN, 0, 0, 0),
        SockFilter::new(RETURN, 0, 0, u32::MAX),
    ];
    if let Err(error) = socket2::SockRef::from(listener).attach_filter(&filter) {
        // A sandbox may forbid it. Then the window stays open for the microseconds that it is.
        tracing::debug!(target: "rustboot::web", %error, "handshakes cannot be refused before the listener closes");
    }
}

/// Other systems have no such filter; the window is the microseconds between the last `accept` and the close.
#[cfg(not(target_os = "linux"))]
fn refuse_new_handshakes(_listener: &TcpListener) {}
fn serve(accept: &AcceptLoop, stream: TcpStream) -> impl Future<Output = ()> + Send + use<> {
    connection::serve(
        stream,
        Arc::clone(&accept.pipeline),
        accept.settings.clone(),
        accept.closing.clone(),
        accept.aborting.clone(),
    )
}

fn is_about_the_connection(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}
