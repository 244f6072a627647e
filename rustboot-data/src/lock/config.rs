//! `[lock]`.

use std::time::Duration;

use rustboot_core::config::{Describe, Field, Properties};
use rustboot_core::source::Location;
use serde::Deserialize;

/// How long locks are waited for, and how long they outlive a holder that is gone.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct LockConfig {
    /// How long a lock stays taken when its holder is gone without giving it back. A holder that lives renews it. Default 30 s.
    pub lease: Duration,
    /// How long `acquire` waits for a lock before the request is answered with 503. Default 10 s.
    pub acquire_timeout: Duration,
}

/// The shortest lease: some attempts to renew have to fit in.
pub(super) const SHORTEST_LEASE: Duration = Duration::from_millis(500);

impl Default for LockConfig {
    fn default() -> Self {
        Self {
            // Long enough for a store that is away for some seconds; short enough to wait for after a crash.
            lease: Duration::from_secs(30),
            acquire_timeout: Duration::from_secs(10),
        }
    }
}

impl Describe for LockConfig {
    fn fields() -> Vec<Field> {
        vec![
            Field::new(
                "lease",
                "Duration",
                "How long a lock stays taken when its holder is gone without giving it back. A holder that lives renews it.",
            )
            .typed::<Duration>()
            .default_text("30s"),
            Field::new(
                "acquire_timeout",
                "Duration",
                "How long `acquire` waits for a lock before the request is answered with 503.",
            )
            .typed::<Duration>()
            .default_text("10s"),
        ]
    }
}

impl Properties for LockConfig {
    const PREFIX: &'static str = "lock";
    const NAME: &'static str = "LockConfig";
    const LOCATION: Location = Location::new(file!(), line!());

    fn check(&self, problems: &mut Vec<(String, String)>) {
        if self.lease < SHORTEST_LEASE {
            problems.push((
                "lease".to_owned(),
                format!("expected at least {SHORTEST_LEASE:?}: a holder has to renew it several times in that"),
            ));
        }
    }
}
