//! `[health]`.

use std::time::Duration;

use serde::Deserialize;

use crate::config::{Describe, Field, Properties};
use crate::source::Location;

/// How health is measured and shown.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct HealthConfig {
    /// How long one check may take. After that the component counts as down.
    pub timeout: Duration,
    /// How long a result serves everybody who asks.
    pub cache: Duration,
    /// Whether details show on the main listener. They always show on the management listener.
    pub show_details: bool,
    /// The check of the disk.
    #[cfg(all(feature = "disk", unix))]
    pub disk: super::DiskConfig,
}

impl Describe for HealthConfig {
    fn fields() -> Vec<Field> {
        vec![
            Field::new("timeout", "Duration", "How long one check may take; after that the component counts as down.").typed::<Duration>().restart()
                .default_text("1s"),
            Field::new("cache", "Duration", "How long a result serves everybody who asks.").typed::<Duration>().restart().default_text("1s"),
            Field::new(
                "show_details",
                "bool",
                "Whether details show on the main listener. They always show on the management listener.",
            ).typed::<bool>().restart()
            .default_by_profile("true", "false"),
            #[cfg(all(feature = "disk", unix))]
            Field::new("disk", "DiskConfig", "The check of the disk.").nested(Some(super::DiskConfig::fields)),
        ]
    }
}

impl Properties for HealthConfig {
    const PREFIX: &'static str = "health";
    const NAME: &'static str = "HealthConfig";
    const LOCATION: Location = Location::new(file!(), line!());
}
