//! `database` in `/health`: does a statement through the pool get an answer, and how full is the pool.

use std::time::Duration;

use rustboot_core::component::BoxFuture;
use rustboot_core::health::{Health, HealthIndicator};
use serde_json::json;

use crate::pool::{Driver, Pool, Statement};

/// Asks one database.
pub(crate) struct DatabaseHealth<DB: Driver> {
    pub(crate) pool: Pool<DB>,
    /// What else is known of it: `("path", …)`.
    pub(crate) details: Vec<(&'static str, String)>,
    /// A little less than the registry waits, so that the answer still has the state of the pool.
    pub(crate) limit: Duration,
}

impl<DB: Driver> DatabaseHealth<DB> {
    async fn ask(&self) -> Health {
        let probe = async {
            let mut session = self.pool.lease(false).await?;
            let statement = Statement::plain(sqlx::SqlStr::from_static(DB::PROBE));
            session.first(statement).await
        };
        match tokio::time::timeout(self.limit, probe).await {
            Ok(Ok(_)) => Health::up(),
            Ok(Err(error)) => Health::down(error),
            Err(_) => Health::down(format!("no answer within {:?}", self.limit)),
        }
    }
}

impl<DB: Driver> HealthIndicator for DatabaseHealth<DB> {
    fn name(&self) -> &str {
        &self.pool.policy().name
    }

    fn check(&self) -> BoxFuture<'_, Health> {
        Box::pin(async {
            let mut health = self.ask().await.with("driver", DB::SYSTEM);
            for (name, value) in &self.details {
                health = health.with(name, value.clone());
            }
            let status = self.pool.status();
            health.with(
                "pool",
                json!({
                    "size": status.size,
                    "available": status.available,
                    "in_use": status.in_use,
                    "waiting": status.waiting,
                    "max": status.max,
                }),
            )
        })
    }
}
