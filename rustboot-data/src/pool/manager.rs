//! Our policy inside deadpool: how a session is made, and whether one that comes back is handed out again.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use arc_swap::ArcSwap;
use deadpool::managed::{self, Metrics, RecycleResult};
use sqlx::Error;

use super::session::Reclaimed;
use super::{Driver, Policy, Session, Shared, watchdog};

/// What a reload of the configuration may replace.
pub(super) struct Terms<DB: Driver> {
    pub(super) options: DB::Options,
    pub(super) policy: Policy,
    /// Counts the changes after which a session has to be made anew.
    pub(super) generation: u64,
}

/// Makes and looks over the sessions of one pool.
pub(super) struct Manager<DB: Driver> {
    pub(super) terms: ArcSwap<Terms<DB>>,
    pub(super) shared: Arc<Shared>,
}

impl<DB: Driver> managed::Manager for Manager<DB> {
    type Type = Box<Session<DB>>;
    type Error = Error;

    async fn create(&self) -> Result<Box<Session<DB>>, Error> {
        let terms = self.terms.load_full();
        // In a box, and so is what is rare below: each statement is a future with room for all that may be waited for on its
        // way, and connecting alone takes kilobytes.
        let session = Box::pin(Session::open(&terms, &self.shared)).await?;
        Ok(Box::new(session))
    }

    async fn recycle(&self, session: &mut Box<Session<DB>>, _: &Metrics) -> RecycleResult<Error> {
        let reclaimed = match session.reclaim(self.shared.generation.load(Ordering::Acquire)) {
            Reclaimed::Fit => return Ok(()),
            Reclaimed::Doubted => Box::pin(session.ping()).await,
            Reclaimed::Unclean => Box::pin(session.clean()).await,
            Reclaimed::Disowned => Err(watchdog::no_answer()),
            Reclaimed::Outdated => Err(Error::PoolClosed),
        };
        reclaimed.map_err(|error| {
            tracing::debug!(
                target: "rustboot::sql",
                pool = self.shared.name,
                error = %error,
                "a database connection is given up"
            );
            managed::RecycleError::Backend(error)
        })
    }
}
