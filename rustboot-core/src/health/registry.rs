//! All checks of an application, run together and remembered for a moment.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::{Health, HealthIndicator, Status};

/// How one component is.
#[derive(Debug, Clone)]
pub struct ComponentHealth {
    /// How it is, with details.
    pub health: Health,
    /// How long the check took.
    pub latency: Duration,
    /// Whether the application needs it to serve.
    pub critical: bool,
}

/// How everything is.
#[derive(Debug, Clone)]
pub struct HealthReport {
    /// The worst that matters.
    pub status: Status,
    /// Each component by its name.
    pub components: BTreeMap<String, ComponentHealth>,
}

/// Whether requests may come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    /// Yes.
    Ready,
    /// No, because of that: `starting`, `draining`, `database is down`.
    NotReady(String),
}

struct Check {
    indicator: Arc<dyn HealthIndicator>,
    // Held while the check runs, so that a flood of callers waits for one check instead of running its own.
    last: Mutex<Option<(Instant, ComponentHealth)>>,
}

/// The checks of an application.
#[derive(Default)]
pub(crate) struct HealthRegistry {
    checks: Vec<Check>,
    timeout: Duration,
    cache: Duration,
}

impl fmt::Debug for HealthRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.checks.iter().map(|check| check.indicator.name()))
            .finish()
    }
}

impl HealthRegistry {
    pub(crate) fn new(
        indicators: Vec<Arc<dyn HealthIndicator>>,
        timeout: Duration,
        cache: Duration,
    ) -> Self {
        Self {
            checks: indicators
                .into_iter()
                .map(|indicator| Check {
                    indicator,
                    last: Mutex::new(None),
                })
                .collect(),
            timeout,
            cache,
        }
    }

    /// Everything.
    pub(crate) async fn report(&self) -> HealthReport {
        let results = join_all(self.checks.iter().map(|check| self.result(check))).await;
        let components: BTreeMap<String, ComponentHealth> = self
            .checks
            .iter()
            .map(|check| check.indicator.name().to_owned())
            .zip(results)
            .collect();
        HealthReport {
            status: aggregate(components.values()),
            components,
        }
    }

    /// One component; `None` when there is none of that name.
    pub(crate) async fn component(&self, name: &str) -> Option<ComponentHealth> {
        let check = self
            .checks
            .iter()
            .find(|check| check.indicator.name() == name)?;
        Some(self.result(check).await)
    }

    /// The first critical component, by name, that is down.
    pub(crate) async fn first_critical_down(&self) -> Option<String> {
        let critical = self
            .checks
            .iter()
            .filter(|check| check.indicator.is_critical());
        let results = join_all(
            critical.map(|check| async move { (check.indicator.name(), self.result(check).await) }),
        )
        .await;
        results
            .into_iter()
            .filter(|(_, result)| {
                matches!(result.health.status, Status::Down | Status::OutOfService)
            })
            .map(|(name, _)| name.to_owned())
            .min()
    }

    async fn result(&self, check: &Check) -> ComponentHealth {
        let mut last = check.last.lock().await;
        if let Some((at, result)) = &*last
            && at.elapsed() < self.cache
        {
            return result.clone();
        }
        let limit = check.indicator.timeout().unwrap_or(self.timeout);
        let start = Instant::now();
        // A check is user code: a panic in it is a component that is down, not a lost answer.
        let looked =
            AssertUnwindSafe(tokio::time::timeout(limit, check.indicator.check())).catch_unwind();
        let health = match looked.await {
            Ok(Ok(health)) => health,
            Ok(Err(_)) => Health::down(format!("no answer within {limit:?}")),
            Err(_) => Health::down("the check panicked"),
        };
        let result = ComponentHealth {
            health,
            latency: start.elapsed(),
            critical: check.indicator.is_critical(),
        };
        *last = Some((Instant::now(), result.clone()));
        result
    }
}

fn aggregate<'a>(components: impl Iterator<Item = &'a ComponentHealth>) -> Status {
    let mut status = Status::Up;
    for component in components {
        status = match (component.health.status, component.critical) {
            (Status::Down, true) => return Status::Down,
            (Status::OutOfService, true) => Status::OutOfService,
            (Status::Down | Status::OutOfService, false) | (Status::Degraded, _)
                if status == Status::Up =>
            {
                Status::Degraded
            }
            _ => status,
        };
    }
    status
}
