//! Our policy inside deadpool: how a session is made, and whether one that comes back is handed out again.

use std::sync::Arc;

use deadpool::managed::{self, Metrics, RecycleResult};
use sqlx::Error;

use super::{Driver, Policy, Session, Shared};

/// Makes and looks over the sessions of one pool.
pub(super) struct Manager<DB: Driver> {
    pub(super) options: DB::Options,
    pub(super) policy: Policy,
    pub(super) shared: Arc<Shared>,
}

impl<DB: Driver> managed::Manager for Manager<DB> {
    type Type = Session<DB>;
    type Error = Error;

    async fn create(&self) -> Result<Session<DB>, Error> {
        Session::open(&self.options, &self.shared).await
    }

    async fn recycle(&self, session: &mut Session<DB>, _: &Metrics) -> RecycleResult<Error> {
        session.reclaim(&self.policy).await.map_err(|error| {
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
