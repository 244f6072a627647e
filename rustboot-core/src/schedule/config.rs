//! `[schedule]`.

use std::time::Duration;

use serde::Deserialize;

use crate::config::{Describe, Field, Properties};
use crate::source::Location;

/// The default of `schedule.lease`: twice what a busy machine or a short outage of the store may take.
pub(super) const LEASE: Duration = Duration::from_secs(15);

/// Several attempts to move its end on have to fit in.
const SHORTEST_LEASE: Duration = Duration::from_secs(1);

/// Where tasks that run on one replica only agree on which one that is.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ScheduleConfig {
    /// After how long another replica takes over from one that is gone without having said so. Default 15 s.
    pub lease: Duration,
    /// Who keeps the leases: `redis`, `postgres` or `memory`. Without it, Redis when `redis.url` is set, else PostgreSQL when
    /// `database.url` is one of PostgreSQL, else the memory of this process.
    pub store: Option<String>,
}

impl Default for ScheduleConfig {
    fn default() -> Self {
        Self {
            lease: LEASE,
            store: None,
        }
    }
}

impl Describe for ScheduleConfig {
    fn fields() -> Vec<Field> {
        vec![
            Field::new(
                "lease",
                "Duration",
                "After how long another replica takes over a `singleton` task from one that is gone without having said so.",
            )
            .typed::<Duration>()
            .restart()
            .default_text("15s"),
            Field::new(
                "store",
                "String",
                "Where replicas agree on who runs a `singleton` task: `redis`, `postgres` or `memory`; by what is configured.",
            )
            .typed::<String>()
            .restart()
            .optional(true),
        ]
    }
}

impl Properties for ScheduleConfig {
    const PREFIX: &'static str = "schedule";
    const NAME: &'static str = "ScheduleConfig";
    const LOCATION: Location = Location::new(file!(), line!());

    fn check(&self, problems: &mut Vec<(String, String)>) {
        if self.lease < SHORTEST_LEASE {
            problems.push((
                "lease".to_owned(),
                format!("expected at least {SHORTEST_LEASE:?}: its end has to be moved on several times in that"),
            ));
        }
        if let Some(store) = &self.store
            && !["redis", "postgres", "memory"].contains(&store.as_str())
        {
            problems.push((
                "store".to_owned(),
                format!("expected redis, postgres or memory, found {store:?}"),
            ));
        }
    }
}
