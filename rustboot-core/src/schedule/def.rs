//! What is known of a scheduled task before it runs. `#[scheduled]` writes one.

use std::time::Duration;

use crate::component::{BoxFuture, Dependency, Resolver};
use crate::error::Result;
use crate::source::Location;

/// When a task runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trigger {
    /// At a fixed rate, counted from start to start. A run that takes longer than the period delays the next one; missed
    /// ones are skipped, never run in a burst.
    Every(Duration),
    /// With a fixed pause, counted from the end of a run to the start of the next.
    Delay(Duration),
}

/// A task that runs again and again while the application does.
#[derive(Debug, Clone, Copy)]
pub struct TaskDef {
    /// The function's name; the label in metrics and in `/tasks`.
    pub name: &'static str,
    /// When it runs.
    pub trigger: Trigger,
    /// How long after the start it runs first; `None` for one period.
    pub initial_delay: Option<Duration>,
    /// Where the user wrote it.
    pub location: Location,
    /// What it needs.
    pub dependencies: fn() -> Vec<Dependency>,
    /// One run.
    pub call: fn(&Resolver<'_>) -> Result<BoxFuture<'static, Result<()>>>,
}

inventory::collect!(TaskDef);
