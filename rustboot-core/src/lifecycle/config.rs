//! `[lifecycle]`.

use std::time::Duration;

use serde::Deserialize;

use crate::config::{Describe, Field, Properties};
use crate::source::Location;

/// How long start and stop may take.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct LifecycleConfig {
    /// How long requests are still served after readiness went off, so that load balancers can notice. An interrupt from
    /// the keyboard skips it.
    pub drain_delay: Duration,
    /// How long requests in flight may take to finish once the listener is closed. Then they are aborted.
    pub shutdown_timeout: Duration,
    /// How long one component, with its migrations, or one `#[on_start]` hook may take.
    pub start_timeout: Duration,
}

impl Describe for LifecycleConfig {
    fn fields() -> Vec<Field> {
        vec![
            Field::new(
                "drain_delay",
                "Duration",
                "How long requests are still served after readiness went off, so that load balancers can notice. An interrupt from the keyboard skips it.",
            ).typed::<Duration>()
            .default_by_profile("0s", "5s"),
            Field::new(
                "shutdown_timeout",
                "Duration",
                "How long requests in flight may take to finish once the listener is closed. Then they are aborted.",
            ).typed::<Duration>()
            .default_text("30s"),
            Field::new(
                "start_timeout",
                "Duration",
                "How long one component, with its migrations, or one `#[on_start]` hook may take.",
            ).typed::<Duration>().restart()
            .default_text("60s"),
        ]
    }
}

impl Properties for LifecycleConfig {
    const PREFIX: &'static str = "lifecycle";
    const NAME: &'static str = "LifecycleConfig";
    const LOCATION: Location = Location::new(file!(), line!());
}
