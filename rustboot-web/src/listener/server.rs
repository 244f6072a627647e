//! A listener as the lifecycle sees it.

use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use rustboot_core::component::BoxFuture;
use rustboot_core::lifecycle::{Drained, Server, ServerRole};
use rustboot_core::{AppContext, Error, Result};
use tokio::net::{TcpListener, TcpSocket};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::accept::{self, AcceptLoop};
use super::connection::ConnectionSettings;
use crate::pipeline::Pipeline;

pub(crate) type MakePipeline = Box<dyn Fn(&AppContext) -> Result<Pipeline> + Send + Sync>;

/// What a listener shows, and under which limits.
pub(crate) struct Surface {
    pub(crate) role: ServerRole,
    pub(crate) address: SocketAddr,
    pub(crate) max_connections: usize,
    pub(crate) connection: ConnectionSettings,
    /// Makes the pipeline once the application is there.
    pub(crate) pipeline: MakePipeline,
}

/// One listener with its connections.
pub(crate) struct HttpServer {
    surface: Surface,
    pipeline: OnceLock<Arc<Pipeline>>,
    connections: TaskTracker,
    /// Stop accepting, and let the connections come to their end.
    closing: CancellationToken,
    /// Drop what is left.
    aborting: CancellationToken,
    accepting: Mutex<Option<tokio::sync::oneshot::Receiver<()>>>,
}

impl HttpServer {
    pub(crate) fn new(surface: Surface) -> Self {
        Self {
            surface,
            pipeline: OnceLock::new(),
            connections: TaskTracker::new(),
            closing: CancellationToken::new(),
            aborting: CancellationToken::new(),
            accepting: Mutex::new(None),
        }
    }

    async fn open(&self, app: &AppContext) -> Result<Vec<String>> {
        let listener = bind(self.surface.address, self.surface.role)?;
        let address = listener.local_addr()?;
        let pipeline = Arc::new((self.surface.pipeline)(app)?);
        // Bound once.
        let _first = self.pipeline.set(Arc::clone(&pipeline));
        let (closed, accepting) = tokio::sync::oneshot::channel();
        if let Ok(mut slot) = self.accepting.lock() {
            *slot = Some(accepting);
        }
        let accept_loop = AcceptLoop {
            listener: Some(listener),
            pipeline,
            settings: self.surface.connection.clone(),
            max_connections: self.surface.max_connections,
            connections: self.connections.clone(),
            closing: self.closing.clone(),
            aborting: self.aborting.clone(),
        };
        self.connections.spawn(async move {
            accept::run(accept_loop).await;
            // Nobody listens when the drain ran into its deadline.
            let _nobody = closed.send(());
        });
        Ok(vec![format!("http://{address}")])
    }

    async fn close(&self, deadline: Instant) -> Drained {
        self.closing.cancel();
        self.connections.close();
        let accepting = self.accepting.lock().ok().and_then(|mut slot| slot.take());
        if let Some(accepting) = accepting {
            // It has only what is in the queue to hand over; an error means that it is gone already.
            let _closed = tokio::time::timeout_at(deadline, accepting).await;
        }
        if tokio::time::timeout_at(deadline, self.connections.wait())
            .await
            .is_ok()
        {
            return Drained::default();
        }
        let aborted = self
            .pipeline
            .get()
            .map_or(0, |pipeline| pipeline.in_flight());
        self.aborting.cancel();
        // Dropping them takes a poll. A handler that blocks its thread is left behind.
        let _dropped =
            tokio::time::timeout(Duration::from_millis(500), self.connections.wait()).await;
        Drained { aborted }
    }
}

impl Server for HttpServer {
    fn name(&self) -> &str {
        match self.surface.role {
            ServerRole::Traffic => "http",
            ServerRole::Management => "management",
        }
    }

    fn role(&self) -> ServerRole {
        self.surface.role
    }

    fn bind<'a>(&'a self, app: &'a AppContext) -> BoxFuture<'a, Result<Vec<String>>> {
        Box::pin(self.open(app))
    }

    fn prepare_to_drain(&self) {
        if let Some(pipeline) = self.pipeline.get() {
            pipeline.draining.store(true, Ordering::Relaxed);
        }
    }

    fn drain(&self, deadline: Instant) -> BoxFuture<'_, Drained> {
        self.prepare_to_drain();
        Box::pin(self.close(deadline))
    }
}

/// Connections that the operating system keeps for us until we accept them. With tokio's own 128, a burst of clients would
/// wait for their next try, a second later.
const BACKLOG: u32 = 1024;

fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // A restart must not wait for connections of the last process to be forgotten. On Windows it would mean to share.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

fn bind(address: SocketAddr, role: ServerRole) -> Result<TcpListener> {
    let key = match role {
        ServerRole::Traffic => "server",
        ServerRole::Management => "management",
    };
    listen(address).map_err(|error| {
        let what = match error.kind() {
            std::io::ErrorKind::AddrInUse => format!(
                "the address {address} is in use by another process: stop that, or set {key}.port (0 picks a free one)"
            ),
            std::io::ErrorKind::AddrNotAvailable => {
                format!("the address {address} is not one of this machine: set {key}.host")
            }
            std::io::ErrorKind::PermissionDenied => {
                format!("the address {address} may not be opened by this user: ports below 1024 need a privilege; set {key}.port")
            }
            _ => format!("the address {address} could not be opened"),
        };
        Error::internal(what).with_source(error)
    })
}
