//! Runs scheduled tasks, and counts them.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::time::Instant;

use super::leader::{Leadership, Permit};
use super::rhythm::Rhythm;
use super::slots::{Slots, Verdict};
use super::{Task, clock};
use crate::app::AppContext;
use crate::error::{Error, ErrorKind, Result};
use crate::lifecycle;

/// Starts a task. Its arguments are resolved here, so that a missing one fails the start and not the first run.
///
/// # Errors
/// When an argument cannot be resolved.
pub(crate) fn run(app: &AppContext, task: &Task) -> Result<()> {
    drop((task.call)(&app.resolver())?);
    let name = task.name;
    app.task_states().update(name, |state| {
        state.trigger.clone_from(&task.trigger);
        state.enabled = task.enabled;
    });
    if !task.enabled {
        tracing::info!(target: "rustboot", task = name, "the configuration switches this task off");
        return Ok(());
    }
    // From the beginning on, so that an alert can be written before the first is skipped.
    metrics::counter!("scheduled_task_skipped_total", "task" => name).increment(0);
    metrics::gauge!("scheduled_task_running", "task" => name).increment(0.0);
    let leadership = Leadership::of(app, task);
    let (app, task) = (app.clone(), Arc::new(task.clone()));
    app.tasks()
        .clone()
        .spawn_until_aborted(async move { until_cancelled(&app, &task, leadership).await });
    Ok(())
}

async fn until_cancelled(app: &AppContext, task: &Arc<Task>, mut leadership: Option<Leadership>) {
    let cancelled = app.tasks().cancelled();
    let (ended, mut ends) = unbounded_channel();
    let mut slots = Slots::new(task.overlap);
    if let Some(leadership) = &mut leadership {
        tokio::select! {
            biased;
            () = cancelled.cancelled() => return,
            () = leadership.is_known() => {}
        }
    }
    // The right to run here and now; `Some(None)` where any replica may.
    let permit = || match &leadership {
        None => Some(None),
        Some(leadership) => leadership.permit().map(Some),
    };
    let mut rhythm = Rhythm::new(task);
    loop {
        app.task_states()
            .update(task.name, |state| state.next_run = rhythm.next());
        tokio::select! {
            biased;
            () = cancelled.cancelled() => return,
            Some(()) = ends.recv() => {
                rhythm.ended();
                if slots.ended() {
                    match permit() {
                        Some(permit) => begin(app, task, permit, &ended),
                        // The one that waited is another replica's now.
                        None => _ = slots.ended(),
                    }
                }
            }
            () = rhythm.wait() => {
                let Some(permit) = permit() else {
                    // Another replica's. Nothing is skipped, and nothing ends here.
                    rhythm.advance();
                    rhythm.ended();
                    continue;
                };
                match slots.due() {
                    Verdict::Begin => begin(app, task, permit, &ended),
                    Verdict::Wait => {}
                    Verdict::Skip => app.task_states().skipped(task.name, 1),
                }
                app.task_states().skipped(task.name, rhythm.advance());
            }
        }
    }
}

/// Says that a run is over, however it ended: also when it was dropped at the deadline of the stop.
struct UnderWay {
    app: AppContext,
    task: Arc<Task>,
    ended: UnboundedSender<()>,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.app.task_states().left(self.task.name);
        // Nobody listens any more when the application stops.
        let _heard = self.ended.send(());
    }
}

/// A run is a task of its own, so that one that hogs its thread does not stop the clock of the others.
fn begin(app: &AppContext, task: &Arc<Task>, permit: Option<Permit>, ended: &UnboundedSender<()>) {
    app.task_states().began(task.name);
    let run = UnderWay {
        app: app.clone(),
        task: Arc::clone(task),
        ended: ended.clone(),
    };
    app.tasks()
        .spawn_until_aborted(async move { run_once(&run.app, &run.task, permit).await });
}

async fn run_once(app: &AppContext, task: &Task, permit: Option<Permit>) {
    let (began, began_at) = (Instant::now(), clock::now());
    let result = match (task.call)(&app.resolver()) {
        Ok(call) => {
            let run = within(task.timeout, lifecycle::caught(call));
            match &permit {
                None => run.await,
                Some(permit) => permit.run(run).await,
            }
        }
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
        state.last_run = Some(began_at);
        state.last_duration = Some(took);
        state.last_error = result.err().map(|error| error.to_string());
    });
}

async fn within(limit: Option<Duration>, run: impl Future<Output = Result<()>>) -> Result<()> {
    let Some(limit) = limit else {
        return run.await;
    };
    tokio::time::timeout(limit, run).await.unwrap_or_else(|_| {
        Err(Error::new(
            ErrorKind::Timeout,
            format!("it was cut off after its timeout of {limit:?}"),
        ))
    })
}
