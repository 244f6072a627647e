//! A database in `/health`: does a statement through the pool get an answer, how full is the pool, and how are its replicas.

use std::sync::Arc;
use std::time::Duration;

use rustboot_core::component::BoxFuture;
use rustboot_core::health::{Health, HealthIndicator, Status};
use serde_json::{Value, json};

use crate::pool::{Driver, Pool, Statement};
use crate::wire::Wired;

/// How a replica is.
#[derive(Debug, Clone)]
pub(crate) struct ReplicaHealth {
    pub(crate) at: String,
    pub(crate) alive: bool,
    pub(crate) lag_ms: u64,
    pub(crate) read_from: bool,
}

/// Asks one database.
pub(crate) struct DatabaseHealth<D> {
    pub(crate) db: Arc<D>,
    pub(crate) name: &'static str,
    /// A little less than the registry waits, so that the answer still has the state of the pool.
    pub(crate) limit: Duration,
}

async fn ask<DB: Driver>(pool: &Pool<DB>, limit: Duration) -> Health {
    let probe = async {
        let mut session = pool.lease(false).await?;
        let mut statement = Statement::plain(sqlx::SqlStr::from_static(DB::PROBE));
        session.first(&mut statement).await
    };
    match tokio::time::timeout(limit, probe).await {
        Ok(Ok(_)) => Health::up(),
        Ok(Err(error)) => Health::down(error),
        Err(_) => Health::down(format!("no answer within {limit:?}")),
    }
}

impl<D: Wired> HealthIndicator for DatabaseHealth<D> {
    fn name(&self) -> &str {
        self.name
    }

    fn check(&self) -> BoxFuture<'_, Health> {
        Box::pin(async {
            let pool = self.db.tx_pool();
            let mut health = ask(pool, self.limit)
                .await
                .with("driver", D::Driver::SYSTEM);
            for (name, value) in self.db.details() {
                health = health.with(name, value);
            }
            let replicas = self.db.replicas();
            if !replicas.is_empty() {
                let unfit = replicas.iter().filter(|replica| !replica.read_from).count();
                if unfit > 0 && health.status == Status::Up {
                    health.status = Status::Degraded;
                    let reason =
                        format!("{unfit} of {} replicas cannot be read from", replicas.len());
                    health = health.with("reason", reason);
                }
                let replicas: Vec<Value> = replicas
                    .iter()
                    .map(|replica| {
                        json!({
                            "at": replica.at,
                            "status": if replica.alive { "UP" } else { "DOWN" },
                            "lag_ms": replica.lag_ms,
                            "read_from": replica.read_from,
                        })
                    })
                    .collect();
                health = health.with("replicas", replicas);
            }
            let status = pool.status();
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
