//! Scheduled tasks: one that counts, one that takes its time, one that fails.

use std::sync::atomic::{AtomicU64, Ordering};

use rustboot::prelude::*;

use crate::journal::Journal;
use crate::settings::Conformance;

#[derive(Default)]
struct Ticks(AtomicU64);

#[component]
fn ticks() -> Ticks {
    Ticks::default()
}

#[scheduled(every = "20ms")]
async fn tick(ticks: Inject<Ticks>) {
    ticks.0.fetch_add(1, Ordering::Relaxed);
}

#[get("/ticks")]
async fn count(ticks: Inject<Ticks>) -> String {
    ticks.0.load(Ordering::Relaxed).to_string()
}

#[scheduled(delay = "20ms")]
async fn long_run(settings: Config<Conformance>, journal: Inject<Journal>) -> Result<()> {
    if settings.run_takes.is_zero() {
        return Ok(());
    }
    journal.write("run begins")?;
    rustboot::tokio::time::sleep(settings.run_takes).await;
    journal.write("run ends")
}

#[scheduled(every = "1h", initial_delay = "1ms")]
async fn unlucky(settings: Config<Conformance>) -> Result<()> {
    if settings.task_fails {
        return Err(Error::internal("the task was told to fail"));
    }
    Ok(())
}

#[scheduled(every = "1h", initial_delay = "1ms")]
async fn panicky(settings: Config<Conformance>) {
    assert!(!settings.task_fails, "the task was told to panic");
}
