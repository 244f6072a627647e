//! Runs scheduled tasks, counts them, and remembers how the last run went.

use std::sync::Mutex;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::{TaskDef, Trigger};
use crate::app::AppContext;
use crate::component::Wiring;
use crate::error::Result;
use crate::lifecycle;

/// What is known of a task: for `/tasks`.
#[derive(Debug, Clone, Default)]
pub struct TaskState {
    /// How often it ran.
    pub runs: u64,
    /// How often that ended in an error or a panic.
    pub failures: u64,
    /// When the last run began.
    pub last_run: Option<Timestamp>,
    /// How long it took.
    pub last_duration: Option<Duration>,
    /// How it failed, when it did.
    pub last_error: Option<String>,
    /// When the next one is due.
    pub next_run: Option<Timestamp>,
}

/// The state of every task, by name.
#[derive(Debug, Default)]
pub(crate) struct TaskStates(Mutex<std::collections::BTreeMap<&'static str, TaskState>>);

impl TaskStates {
    fn update(&self, name: &'static str, change: impl FnOnce(&mut TaskState)) {
        // A poisoned lock still guards whole values: `change` only assigns.
        let mut states = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        change(states.entry(name).or_default());
    }

    pub(crate) fn all(&self) -> std::collections::BTreeMap<&'static str, TaskState> {
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone()
    }
}

impl TaskDef {
    pub(crate) fn wiring(&self) -> Wiring {
        Wiring {
            consumer: format!("#[scheduled] `{}`", self.name),
            location: self.location,
            dependencies: (self.dependencies)(),
        }
    }
}

/// Starts a task. Its arguments are resolved here, so that a missing one fails the start and not the first run.
///
/// # Errors
/// When an argument cannot be resolved.
pub(crate) fn run(app: &AppContext, task: TaskDef) -> Result<()> {
    drop((task.call)(&app.resolver())?);
    let context = app.clone();
    app.tasks().spawn_until_aborted(async move {
        run_until_cancelled(&context, task).await;
    });
    Ok(())
}

async fn run_until_cancelled(app: &AppContext, task: TaskDef) {
    let cancelled = app.tasks().cancelled();
    let period = match task.trigger {
        Trigger::Every(period) | Trigger::Delay(period) => period,
    };
    let mut next = Instant::now() + task.initial_delay.unwrap_or(period);
    loop {
        app.task_states().update(task.name, |state| {
            state.next_run = Timestamp::now()
                .checked_add(next.saturating_duration_since(Instant::now()))
                .ok();
        });
        tokio::select! {
            () = cancelled.cancelled() => return,
            () = tokio::time::sleep_until(next) => {}
        }
        let began = Instant::now();
        run_once(app, task, began).await;
        next = match task.trigger {
            Trigger::Delay(pause) => Instant::now() + pause,
            // Missed ones are skipped, and the rhythm is kept.
            Trigger::Every(period) => {
                let behind = Instant::now().saturating_duration_since(next);
                let periods = behind.as_nanos() / period.as_nanos().max(1) + 1;
                next + period * u32::try_from(periods).unwrap_or(u32::MAX)
            }
        };
    }
}

async fn run_once(app: &AppContext, task: TaskDef, began: Instant) {
    let result = match (task.call)(&app.resolver()) {
        Ok(call) => lifecycle::caught(call).await,
        Err(error) => Err(error),
    };
    let took = began.elapsed();
    let outcome = if result.is_ok() { "success" } else { "error" };
    metrics::histogram!("scheduled_task_duration_seconds", "task" => task.name, "outcome" => outcome).record(took);
    if let Err(error) = &result {
        tracing::error!(task = task.name, location = %task.location, error = %error, "scheduled task failed");
    }
    app.task_states().update(task.name, |state| {
        state.runs += 1;
        state.failures += u64::from(result.is_err());
        state.last_run = Timestamp::now().checked_sub(took).ok();
        state.last_duration = Some(took);
        state.last_error = result.err().map(|error| error.to_string());
    });
}
