//! What takes work from outside: an HTTP listener, a queue consumer.

use tokio::time::Instant;

use crate::app::AppContext;
use crate::component::BoxFuture;
use crate::error::Result;

/// What a server is for, which decides when it stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerRole {
    /// The work of the application: closed and drained first.
    Traffic,
    /// Probes and metrics: goes on until the pools are closed, so that an operator can watch the stop.
    Management,
}

/// How a drain ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Drained {
    /// How many pieces of work were cut off at the deadline.
    pub aborted: usize,
}

/// Something that accepts work while the application runs.
pub trait Server: Send + Sync + 'static {
    /// What it is called in the log.
    fn name(&self) -> &str;

    /// When it stops.
    fn role(&self) -> ServerRole;

    /// Opens it and begins to accept. Returns once work can come, with the addresses to show, such as
    /// `http://127.0.0.1:8080`.
    ///
    /// # Errors
    /// When it cannot be opened: the port is in use.
    fn bind<'a>(&'a self, app: &'a AppContext) -> BoxFuture<'a, Result<Vec<String>>>;

    /// Readiness went off, and work is still accepted until [`Server::drain`]. A hint, for asking clients to go elsewhere.
    fn prepare_to_drain(&self) {}

    /// Stops accepting, lets what is in flight finish, and cuts off at the deadline what is left. Also called when
    /// [`Server::bind`] failed or never ran.
    fn drain(&self, deadline: Instant) -> BoxFuture<'_, Drained>;
}
