//! Our policy inside deadpool: how a session is made, and whether one that comes back is handed out again.

use std::sync::Arc;

use arc_swap::ArcSwap;
use deadpool::managed::{self, Metrics, RecycleResult};
use sqlx::Error;

use super::{Driver, Policy, Session, Shared};

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
    type Type = Session<DB>;
    type Error = Error;

    async fn create(&self) -> Result<Session<DB>, Error> {
        let terms = self.terms.load_full();
        Session::open(&terms, &self.shared).await
    }

    async fn recycle(&self, session: &mut Session<DB>, _: &Metrics) -> RecycleResult<Error> {
        let generation = self.terms.load().generation;
        session.reclaim(generation).await.map_err(|error| {
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
