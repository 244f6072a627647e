//! Redis in `/health`: does it answer, which server is it, and how much of it is in use.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rustboot_core::component::BoxFuture;
use rustboot_core::health::{Health, HealthIndicator, Status};
use serde_json::json;

use super::Redis;
use super::link::State;
use super::target::Mode;

/// Asks it.
pub(super) struct RedisHealth {
    pub(super) redis: Arc<Redis>,
    pub(super) critical: bool,
    /// A little less than the registry waits, so that the answer still has the details.
    pub(super) limit: Duration,
}

impl RedisHealth {
    async fn ask(&self) -> Health {
        match tokio::time::timeout(self.limit, self.redis.ping()).await {
            Ok(Ok(_)) => Health::up(),
            Ok(Err(error)) => Health::down(error),
            Err(_) => Health::down(format!("no answer within {:?}", self.limit)),
        }
    }

    /// Whether all slots of a cluster are served.
    async fn look_at_cluster(&self, health: Health) -> Health {
        let mut redis = Redis::clone(&self.redis);
        let mut command = redis::cmd("CLUSTER");
        let asked = command.arg("INFO").query_async::<String>(&mut redis);
        let Ok(Ok(info)) = tokio::time::timeout(self.limit, asked).await else {
            return health;
        };
        let value = |name: &str| {
            let line = info.lines().find_map(|line| line.strip_prefix(name));
            line.map(|value| value.trim_start_matches(':').trim().to_owned())
        };
        let state = value("cluster_state").unwrap_or_default();
        let mut health = health.with("cluster_state", state.as_str());
        if let Some(nodes) = value("cluster_known_nodes").and_then(|n| n.parse::<u64>().ok()) {
            health = health.with("cluster_nodes", nodes);
        }
        if state != "ok" && health.status == Status::Up {
            health.status = Status::Down;
            return health.with("error", "not all slots of the cluster are served");
        }
        health
    }
}

impl HealthIndicator for RedisHealth {
    fn name(&self) -> &str {
        "redis"
    }

    fn is_critical(&self) -> bool {
        self.critical
    }

    fn check(&self) -> BoxFuture<'_, Health> {
        Box::pin(async {
            let link = self.redis.link();
            let connector = link.connector.load_full();
            let mut health = self
                .ask()
                .await
                .with("mode", connector.target.mode.name())
                .with("at", connector.target.to_string());
            if connector.target.mode == Mode::Cluster && health.status == Status::Up {
                health = self.look_at_cluster(health).await;
            }
            match &**link.state.load() {
                State::Up(live) => {
                    if connector.target.mode == Mode::Sentinel {
                        health = health.with("primary", live.at.as_str());
                    }
                    health = health.with("connected_for_s", live.since.elapsed().as_secs());
                }
                State::Down(since, _) => {
                    health = health.with("down_for_s", since.elapsed().as_secs());
                }
            }
            let status = self.redis.status();
            health
                .with("in_flight", link.in_flight.load(Ordering::Relaxed))
                .with(
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
