//! The accept loop.

use std::io;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use metrics::Gauge;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use super::connection::{self, Terms};
use super::socket::{Socket, Stream, is_about_the_connection};

const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Accepts from all sockets until the listener is to close, then takes over what the operating system has already accepted for us.
pub(super) async fn run(
    sockets: Vec<Socket>,
    terms: Arc<Terms>,
    max_connections: usize,
    connections: TaskTracker,
) {
    let room = Arc::new(Semaphore::new(max_connections.min(Semaphore::MAX_PERMITS)));
    let open = metrics::gauge!("http_server_connections");
    let mut pause = FIRST_PAUSE;
    let mut turn = 0;
    loop {
        // Without room, connections wait in the operating system's queue: back-pressure, not refusal.
        let permit = tokio::select! {
            biased;
            () = terms.closing.cancelled() => break,
            permit = Arc::clone(&room).acquire_owned() => permit,
        };
        let Ok(permit) = permit else { break };
        let accepted = tokio::select! {
            biased;
            () = terms.closing.cancelled() => break,
            accepted = next(&sockets, &mut turn) => accepted,
        };
        match accepted {
            Ok(stream) => {
                pause = FIRST_PAUSE;
                let open = Open::count(&open);
                let connection = connection::serve(stream, Arc::clone(&terms));
                connections.spawn(async move {
                    connection.await;
                    drop((open, permit));
                });
            }
            Err(error) if is_about_the_connection(&error) => {}
            // Out of file descriptors or memory: without a pause this would spin until somebody closes one.
            Err(error) => {
                tracing::error!(target: "rustboot::web", %error, retry_in = ?pause, "cannot accept connections");
                tokio::select! {
                    () = terms.closing.cancelled() => break,
                    () = tokio::time::sleep(pause) => {}
                }
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
    for socket in sockets {
        socket
            .close(|stream| {
                connections.spawn(connection::serve(stream, Arc::clone(&terms)));
            })
            .await;
    }
}

/// A connection that is counted as open until it is dropped, also by a panic.
struct Open(Gauge);

impl Open {
    fn count(open: &Gauge) -> Self {
        open.increment(1.0);
        Self(open.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

/// The next connection of any socket. `turn` is whose turn it is to be looked at first: a busy one does not starve the others.
/// Dropping the future loses no connection.
async fn next(sockets: &[Socket], turn: &mut usize) -> io::Result<Stream> {
    std::future::poll_fn(|context| {
        for _ in 0..sockets.len() {
            let socket = &sockets[*turn % sockets.len()];
            *turn = turn.wrapping_add(1);
            if let Poll::Ready(accepted) = socket.poll_accept(context) {
                return Poll::Ready(accepted);
            }
        }
        Poll::Pending
    })
    .await
}
