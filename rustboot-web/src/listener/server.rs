//! A listener as the lifecycle sees it.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use rustboot_core::component::BoxFuture;
use rustboot_core::lifecycle::{Drained, Server, ServerRole};
use rustboot_core::{AppContext, Result};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::accept;
use super::address::Address;
use super::connection::{ConnectionSettings, Terms};
use super::socket::Socket;
use super::tls::Tls;
use crate::pipeline::Pipeline;
use crate::stream::Streams;

pub(crate) type MakePipeline = Box<dyn Fn(&AppContext) -> Result<Pipeline> + Send + Sync>;

/// What a listener shows, and under which limits.
pub(crate) struct Surface {
    pub(crate) role: ServerRole,
    /// At least one.
    pub(crate) addresses: Vec<Address>,
    pub(crate) tls: Option<Tls>,
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
        let tls = self.surface.tls.clone();
        let mut sockets = Vec::new();
        let mut urls = Vec::new();
        for address in &self.surface.addresses {
            let socket = Socket::open(address, self.surface.role).await?;
            urls.push(socket.url(tls.is_some())?);
            sockets.push(socket);
        }
        let pipeline = Arc::new((self.surface.pipeline)(app)?);
        // Bound once.
        let _first = self.pipeline.set(Arc::clone(&pipeline));
        let (closed, accepting) = tokio::sync::oneshot::channel();
        if let Ok(mut slot) = self.accepting.lock() {
            *slot = Some(accepting);
        }
        if let Some(tls) = &tls {
            tls.keep_up(app);
        }
        let terms = Arc::new(Terms {
            pipeline,
            settings: self.surface.connection.clone(),
            tls,
            closing: self.closing.clone(),
            aborting: self.aborting.clone(),
        });
        let (max_connections, connections) =
            (self.surface.max_connections, self.connections.clone());
        self.connections.spawn(async move {
            accept::run(sockets, terms, max_connections, connections).await;
            // Nobody listens when the drain ran into its deadline.
            let _nobody = closed.send(());
        });
        Ok(urls)
    }

    async fn close(&self, deadline: Instant) -> Drained {
        self.closing.cancel();
        self.connections.close();
        let accepting = self.accepting.lock().ok().and_then(|mut slot| slot.take());
        if let Some(accepting) = accepting {
            // It has only what is in the queue to hand over; an error means that it is gone already.
            let _closed = tokio::time::timeout_at(deadline, accepting).await;
        }
        if tokio::time::timeout_at(deadline, self.ended())
            .await
            .is_ok()
        {
            return Drained::default();
        }
        let aborted = self.pipeline.get().map_or(0, |pipeline| {
            let streams = self.streams().map_or(0, |streams| streams.cut_off());
            pipeline.in_flight() + streams
        });
        self.aborting.cancel();
        // Dropping them takes a poll. A handler that blocks its thread is left behind.
        let _dropped = tokio::time::timeout(Duration::from_millis(500), self.ended()).await;
        Drained { aborted }
    }

    /// Waits for the connections, and for handlers of streams that are still at work after theirs.
    async fn ended(&self) {
        self.connections.wait().await;
        if let Some(streams) = self.streams() {
            streams.ended().await;
        }
    }

    /// They belong to the listener that has the routes.
    fn streams(&self) -> Option<&Streams> {
        let pipeline = self.pipeline.get()?;
        (self.surface.role == ServerRole::Traffic).then_some(&*pipeline.streams)
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
