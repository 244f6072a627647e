use super::*;
use crate::component::BoxFuture;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

struct Fixed {
    name: &'static str,
    critical: bool,
    status: Status,
    takes: Duration,
    asked: Arc<AtomicUsize>,
}

impl Fixed {
    fn new(name: &'static str, status: Status) -> Self {
        Self {
            name,
            critical: true,
            status,
            takes: Duration::ZERO,
            asked: Arc::default(),
        }
    }
}

impl HealthIndicator for Fixed {
    fn name(&self) -> &str {
        self.name
    }
    fn is_critical(&self) -> bool {
        self.critical
    }
    fn check(&self) -> BoxFuture<'_, Health> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Box::pin(async {
            tokio::time::sleep(self.takes).await;
            Health::new(self.status)
        })
    }
}

fn registry(indicators: Vec<Fixed>) -> HealthRegistry {
    let indicators = indicators
        .into_iter()
        .map(|i| Arc::new(i) as Arc<dyn HealthIndicator>)
        .collect();
    HealthRegistry::new(indicators, Duration::from_secs(1), Duration::from_secs(1))
}

#[tokio::test(start_paused = true)]
async fn a_check_that_hangs_is_down_after_its_own_limit_and_holds_up_nobody_else() {
    let mut slow = Fixed::new("slow", Status::Up);
    slow.takes = Duration::from_secs(10);
    let registry = registry(vec![slow, Fixed::new("fast", Status::Up)]);
    let start = tokio::time::Instant::now();
    let report = registry.report().await;
    assert_eq!(start.elapsed(), Duration::from_secs(1));
    assert_eq!(report.status, Status::Down);
    assert_eq!(
        report.components["slow"].health.details["error"],
        "no answer within 1s"
    );
    assert_eq!(report.components["fast"].health.status, Status::Up);
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_callers_costs_one_check() {
    let check = Fixed::new("db", Status::Up);
    let asked = Arc::clone(&check.asked);
    let registry = registry(vec![check]);
    futures_util::future::join_all((0..100).map(|_| registry.report())).await;
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    tokio::time::advance(Duration::from_millis(1001)).await;
    registry.report().await;
    assert_eq!(asked.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn what_is_not_critical_only_degrades() {
    let mut optional = Fixed::new("search", Status::Down);
    optional.critical = false;
    let registry = registry(vec![optional, Fixed::new("db", Status::Up)]);
    assert_eq!(registry.report().await.status, Status::Degraded);
    assert_eq!(registry.first_critical_down().await, None);
}

#[tokio::test]
async fn a_critical_component_that_is_down_is_named() {
    let registry = registry(vec![
        Fixed::new("db", Status::Down),
        Fixed::new("a", Status::Up),
    ]);
    assert_eq!(registry.report().await.status, Status::Down);
    assert_eq!(registry.first_critical_down().await, Some("db".to_owned()));
    assert!(registry.component("nope").await.is_none());
}

#[tokio::test]
async fn nothing_to_check_is_up() {
    assert_eq!(registry(vec![]).report().await.status, Status::Up);
}

#[tokio::test]
async fn a_declared_check_looks_with_its_components_and_keeps_no_application_alive() {
    use crate::app::{AppBuilder, AppInfo};
    use crate::component::{ComponentKey, Dependency, Inject, Injectable};
    use crate::config::Sources;
    use crate::source::Location;

    let mut app = AppBuilder::new(AppInfo::new("test", "0"));
    app.sources(Sources::empty("/nonexistent"))
        .without_collected_items()
        .provide("gate".to_owned())
        .health_check(HealthDef {
            name: "gate",
            critical: true,
            timeout: Some(Duration::from_millis(50)),
            location: Location::new("src/gate.rs", 3),
            dependencies: || vec![Dependency::required(ComponentKey::of::<String>())],
            check: |resolver| {
                let gate = Inject::<String>::inject(resolver)?;
                Ok(Box::pin(async move { Health::down(gate.as_str()) }))
            },
        });
    let app = app.assemble().await.unwrap().start().await.unwrap();
    let gate = app.context().component_health("gate").await.unwrap();
    assert_eq!(gate.health, Health::down("gate"));
    let weak = app.context().downgrade();
    app.stop().await;
    tokio::task::yield_now().await;
    assert!(weak.upgrade().is_none());
}
