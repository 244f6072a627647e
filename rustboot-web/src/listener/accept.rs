//! The accept loop.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connection::{self, ConnectionSettings};
use crate::pipeline::Pipeline;

/// What the loop works with.
pub(super) struct AcceptLoop {
    pub(super) listener: TcpListener,
    pub(super) pipeline: Arc<Pipeline>,
    pub(super) settings: ConnectionSettings,
    pub(super) max_connections: usize,
    pub(super) connections: TaskTracker,
    pub(super) closing: CancellationToken,
    pub(super) aborting: CancellationToken,
}

const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Accepts until the listener is to close, then takes over what the operating system has already accepted for us: those
/// clients believe that they are connected.
pub(super) async fn run(accept: AcceptLoop) {
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
            accepted = accept.listener.accept() => accepted,
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
    while let Some(Ok((stream, _))) = accept.listener.accept().now_or_never() {
        accept.connections.spawn(serve(&accept, stream));
    }
}

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
