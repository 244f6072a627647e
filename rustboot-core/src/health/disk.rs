//! `disk`: whether the file system that the application lives on has room left.

use std::path::PathBuf;

use serde::Deserialize;

use super::{Health, HealthIndicator, Status};
use crate::component::BoxFuture;
use crate::config::{ByteSize, Config, Describe, Field};
use crate::health::HealthConfig;

/// `[health.disk]`.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct DiskConfig {
    /// Less free space than this is DOWN.
    pub threshold: ByteSize,
}

impl Describe for DiskConfig {
    fn fields() -> Vec<Field> {
        vec![
            Field::new(
                "threshold",
                "ByteSize",
                "Less free space than this on the application's file system is DOWN.",
            )
            .typed::<ByteSize>()
            .default_text("10MiB"),
        ]
    }
}

/// Looks at the file system of a folder. Not critical: sending requests elsewhere frees no disk.
pub(crate) struct DiskHealth {
    pub(crate) folder: PathBuf,
    pub(crate) config: Config<HealthConfig>,
}

impl HealthIndicator for DiskHealth {
    fn name(&self) -> &str {
        "disk"
    }

    fn is_critical(&self) -> bool {
        false
    }

    fn check(&self) -> BoxFuture<'_, Health> {
        let folder = self.folder.clone();
        // A network file system that is gone answers when it likes, and must not hold up a thread that serves.
        let look = tokio::task::spawn_blocking(move || rustix::fs::statvfs(folder));
        Box::pin(async {
            match look.await {
                Ok(Ok(found)) => judged(
                    found.f_bavail.saturating_mul(found.f_frsize),
                    found.f_blocks.saturating_mul(found.f_frsize),
                    self.config.disk.threshold.as_u64(),
                ),
                Ok(Err(error)) => unknown(error.to_string()),
                Err(error) => unknown(error.to_string()),
            }
        })
    }
}

fn judged(free: u64, total: u64, threshold: u64) -> Health {
    let health = if free < threshold {
        Health::down(format!("{free} bytes are free, and {threshold} should be"))
    } else {
        Health::up()
    };
    health
        .with("free", free)
        .with("total", total)
        .with("threshold", threshold)
}

fn unknown(error: String) -> Health {
    Health::new(Status::Unknown).with("error", error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::{AppBuilder, AppInfo};
    use crate::config::Sources;

    #[test]
    fn less_than_the_threshold_is_down() {
        assert_eq!(judged(9, 100, 10).status, Status::Down);
        let enough = judged(10, 100, 10);
        assert_eq!(enough.status, Status::Up);
        assert_eq!(enough.details["free"], 10);
    }

    async fn look(folder: &std::path::Path, threshold: &str) -> (Status, Health) {
        let mut app = AppBuilder::new(AppInfo::new("test", "0"));
        app.sources(Sources::empty(folder))
            .without_collected_items();
        app.override_value("health.disk.threshold", threshold);
        let app = app.assemble().await.unwrap().start().await.unwrap();
        let report = app.context().health_report().await;
        let disk = report.components["disk"].health.clone();
        app.stop().await;
        (report.status, disk)
    }

    #[tokio::test]
    async fn the_file_system_of_the_base_folder_is_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        let (status, disk) = look(folder.path(), "1B").await;
        assert_eq!((status, disk.status), (Status::Up, Status::Up), "{disk:?}");
        assert!(disk.details["free"].as_u64() > Some(0));
        let (status, disk) = look(folder.path(), "8000000TB").await;
        assert_eq!((status, disk.status), (Status::Degraded, Status::Down));
        let gone = folder.path().join("gone");
        assert_eq!(look(&gone, "1B").await.1.status, Status::Unknown);
    }
}
