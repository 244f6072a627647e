//! What dashboards and people get to see.

use std::io::Write;

use metrics_exporter_prometheus::PrometheusBuilder;
use rustboot_core::health::{HealthIndicator as _, Status};
use tracing::Dispatch;
use tracing::subscriber::NoSubscriber;

use super::*;
use crate::health::DatabaseHealth;

#[tokio::test]
async fn queries_waits_and_connections_are_counted() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let Fixture { db, dir: _dir } = fixture(policy()).await;
    insert(&db, "a").await.unwrap();
    count(&db).await;
    let mut tx = db.begin().await.unwrap();
    sqlx::query("DELETE FROM item")
        .execute(&mut *tx)
        .await
        .unwrap();
    let during = handle.render();
    assert!(
        during.contains("db_client_connection_count{pool=\"database\",state=\"used\"} 1"),
        "{during}"
    );
    assert!(during.contains("state=\"idle\"} 0"), "{during}");
    tx.commit().await.unwrap();
    let text = handle.render();
    for operation in ["CREATE", "INSERT", "SELECT", "BEGIN", "DELETE", "COMMIT"] {
        let line = format!(
            "db_client_operation_duration_seconds_count{{pool=\"database\",db_system_name=\"sqlite\",db_operation_name=\"{operation}\"}} 1"
        );
        assert!(text.contains(&line), "{line}\n{text}");
    }
    assert!(
        text.contains("db_client_connection_wait_time_seconds_count{pool=\"database\"} 4"),
        "{text}"
    );
    assert!(text.contains("state=\"used\"} 0"), "{text}");
    assert!(text.contains("state=\"idle\"} 1"), "{text}");
    db.close(Duration::from_secs(1)).await.unwrap();
    assert!(handle.render().contains("state=\"idle\"} 0"));
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_slow_statement_is_logged_without_its_values() {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    // While there is but one subscriber, a test beside this one that is the first to reach a log statement switches it off.
    let _beside = Dispatch::new(NoSubscriber::new());
    let _guard = tracing::subscriber::set_default(subscriber);
    let Fixture { db, dir: _dir } = fixture(Policy {
        slow_query: Duration::ZERO,
        ..policy()
    })
    .await;
    insert(&db, "canary").await.unwrap();
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains("WARN rustboot::sql: slow query"), "{text}");
    assert!(
        text.contains("INSERT INTO item (name) VALUES (?)"),
        "{text}"
    );
    assert!(!text.contains("canary"), "{text}");
    assert!(!text.contains("sqlx"), "{text}");
}

#[tokio::test]
async fn health_shows_the_pool_and_notices_the_end() {
    let Fixture { db, dir } = fixture(Policy {
        max_connections: 1,
        ..policy()
    })
    .await;
    let health = DatabaseHealth {
        db: std::sync::Arc::new(db.clone()),
        name: "database",
        limit: Duration::from_millis(100),
    };
    assert_eq!(health.name(), "database");
    assert!(health.is_critical());
    let up = health.check().await;
    assert_eq!(up.status, Status::Up);
    assert_eq!(up.details["driver"], "sqlite");
    assert_eq!(
        up.details["path"],
        dir.path().join("data/test.db").display().to_string()
    );
    assert_eq!(
        up.details["pool"],
        serde_json::json!({"size": 1, "available": 1, "in_use": 0, "waiting": 0, "max": 1})
    );
    let held = db.acquire().await.unwrap();
    let busy = health.check().await;
    assert_eq!(busy.status, Status::Down);
    assert_eq!(busy.details["pool"]["in_use"], 1);
    drop(held);
    assert_eq!(health.check().await.status, Status::Up);
    db.close(Duration::from_secs(1)).await.unwrap();
    assert_eq!(health.check().await.status, Status::Down);
}
