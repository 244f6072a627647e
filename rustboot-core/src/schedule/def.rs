//! What is known of a scheduled task before it runs. `#[scheduled]` writes one.

use std::time::Duration;

use super::lease::Leases;
use crate::component::{BoxFuture, ComponentKey, Dependency, Resolver, Wiring};
use crate::error::Result;
use crate::source::Location;

/// A length of time in a definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// This long.
    Fixed(Duration),
    /// What the configuration says when the application starts: `${cleanup.every}`, or `${cleanup.every:-1m}`.
    Configured(&'static str),
}

/// When a task runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trigger {
    /// At a fixed rate, counted from start to start. Runs that were missed are skipped, never made up for in a burst.
    Every(Period),
    /// With a fixed pause, counted from the end of a run to the start of the next.
    Delay(Period),
    /// At the times that a cron expression names, on the clocks of a time zone. Both may be a `${key}` of the
    /// configuration.
    #[cfg(feature = "cron")]
    Cron {
        /// Five fields, or six with seconds first.
        expression: &'static str,
        /// The IANA name of the zone: `Europe/Berlin`.
        zone: &'static str,
    },
}

/// What happens when a run is due while an earlier one is still under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Overlap {
    /// It is skipped, and counted.
    #[default]
    Skip,
    /// One waits, and begins as soon as the other ended. More than one are skipped.
    Queue,
    /// They run side by side, up to that many. More are skipped.
    Allow {
        /// How many may run at a time; at least one may.
        max_concurrent: u32,
    },
}

/// What a task may say beside its trigger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TaskOptions {
    pub(super) initial_delay: Option<Period>,
    pub(super) jitter: Option<Period>,
    pub(super) timeout: Option<Period>,
    pub(super) overlap: Option<Overlap>,
    pub(super) enabled: Option<&'static str>,
    pub(super) singleton: bool,
}

impl TaskOptions {
    /// Nothing: first after one period, no jitter, no timeout, no overlap.
    pub const fn new() -> Self {
        Self {
            initial_delay: None,
            jitter: None,
            timeout: None,
            overlap: None,
            enabled: None,
            singleton: false,
        }
    }

    /// How long after the start it runs first. Means nothing to cron.
    #[must_use]
    pub const fn initial_delay(mut self, delay: Period) -> Self {
        self.initial_delay = Some(delay);
        self
    }

    /// Delays each run by a random time from nothing to that. The rhythm is kept.
    #[must_use]
    pub const fn jitter(mut self, jitter: Period) -> Self {
        self.jitter = Some(jitter);
        self
    }

    /// Cuts off a run that takes longer. That is an error.
    #[must_use]
    pub const fn timeout(mut self, timeout: Period) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// What happens when a run is due while an earlier one is under way.
    #[must_use]
    pub const fn overlap(mut self, overlap: Overlap) -> Self {
        self.overlap = Some(overlap);
        self
    }

    /// A key of the configuration, as `${key}` or `${key:-true}`, that switches the task on or off.
    #[must_use]
    pub const fn enabled(mut self, switch: &'static str) -> Self {
        self.enabled = Some(switch);
        self
    }

    /// Runs it on one replica only, of all that share a [store](super::LeaseStore) of leases.
    #[must_use]
    pub const fn singleton(mut self) -> Self {
        self.singleton = true;
        self
    }
}

/// A task that runs again and again while the application does.
#[derive(Debug, Clone, Copy)]
pub struct TaskDef {
    /// What it is called in the log, in metrics and in `/tasks`: the function's name, unless it says another one. Every
    /// task of an application has a name of its own.
    pub name: &'static str,
    /// When it runs.
    pub trigger: Trigger,
    /// What else it says.
    pub options: TaskOptions,
    /// Where the user wrote it.
    pub location: Location,
    /// What it needs.
    pub dependencies: fn() -> Vec<Dependency>,
    /// One run.
    pub call: fn(&Resolver<'_>) -> Result<BoxFuture<'static, Result<()>>>,
}

inventory::collect!(TaskDef);

impl TaskDef {
    /// What it is, for a report.
    pub(super) fn title(&self) -> String {
        format!("#[scheduled] `{}`", self.name)
    }

    /// Whether it runs on one replica only.
    pub(crate) fn is_singleton(&self) -> bool {
        self.options.singleton
    }

    pub(crate) fn wiring(&self) -> Wiring {
        let mut dependencies = (self.dependencies)();
        if self.is_singleton() {
            dependencies.push(Dependency::optional(ComponentKey::of::<Leases>()));
        }
        Wiring {
            consumer: self.title(),
            location: self.location,
            dependencies,
        }
    }
}
