//! How the tasks are doing: for `/tasks`, and for metrics.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

/// What is known of a task.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct TaskState {
    /// When it runs, in words: `every 60s`.
    pub trigger: String,
    /// Whether the configuration lets it run.
    pub enabled: bool,
    /// How often it ran.
    pub runs: u64,
    /// How often that ended in an error or a panic, or was cut off.
    pub failures: u64,
    /// How often it was due and did not run: an earlier run was still under way, or the process was not.
    pub skipped: u64,
    /// How many runs are under way.
    pub running: u32,
    /// When the last run that ended began.
    pub last_run: Option<Timestamp>,
    /// How long it took.
    pub last_duration: Option<Duration>,
    /// How it failed, when it did.
    pub last_error: Option<String>,
    /// When the next one is due.
    pub next_run: Option<Timestamp>,
    /// Who runs it, when it runs on one replica only.
    pub singleton: Option<Singleton>,
}

/// Who runs a task that runs on one replica only.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Singleton {
    /// Who keeps the lease: `Redis`, `PostgreSQL`; `memory` when there is nobody, and this process runs it.
    pub store: &'static str,
    /// Whether this replica runs it.
    pub leads: bool,
    /// Who runs it, as `host:process`; `None` when nobody does, or nobody knows.
    pub leader: Option<String>,
}

/// The state of every task, by name.
#[derive(Debug, Default)]
pub(crate) struct TaskStates(Mutex<BTreeMap<&'static str, TaskState>>);

impl TaskStates {
    pub(super) fn update(&self, name: &'static str, change: impl FnOnce(&mut TaskState)) {
        // A poisoned lock still guards whole values: `change` only assigns.
        let mut states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(states.entry(name).or_default());
    }

    /// Counts runs that were due and did not happen.
    pub(super) fn skipped(&self, name: &'static str, times: u64) {
        if times > 0 {
            metrics::counter!("scheduled_task_skipped_total", "task" => name).increment(times);
            self.update(name, |state| state.skipped += times);
        }
    }

    /// A run began.
    pub(super) fn began(&self, name: &'static str) {
        metrics::gauge!("scheduled_task_running", "task" => name).increment(1.0);
        self.update(name, |state| state.running += 1);
    }

    /// A run ended, or was dropped.
    pub(super) fn left(&self, name: &'static str) {
        metrics::gauge!("scheduled_task_running", "task" => name).decrement(1.0);
        self.update(name, |state| {
            state.running = state.running.saturating_sub(1)
        });
    }

    /// The state of all.
    pub(crate) fn all(&self) -> BTreeMap<&'static str, TaskState> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use metrics::{
        Counter, CounterFn, Gauge, GaugeFn, Histogram, Key, KeyName, Metadata, Recorder,
        SharedString, Unit,
    };

    use super::*;

    /// What was recorded, in order.
    #[derive(Clone, Default)]
    struct Recorded(Arc<Mutex<Vec<String>>>);

    struct Named(String, Recorded);

    impl Named {
        fn of(key: &Key, recorded: &Recorded) -> Arc<Self> {
            let labels: Vec<String> = key
                .labels()
                .map(|label| format!("{}={}", label.key(), label.value()))
                .collect();
            let name = format!("{}{{{}}}", key.name(), labels.join(","));
            Arc::new(Self(name, recorded.clone()))
        }
        fn note(&self, what: &str) {
            self.1.0.lock().unwrap().push(format!("{} {what}", self.0));
        }
    }

    impl CounterFn for Named {
        fn increment(&self, value: u64) {
            self.note(&format!("+{value}"));
        }
        fn absolute(&self, value: u64) {
            self.note(&format!("={value}"));
        }
    }

    impl GaugeFn for Named {
        fn increment(&self, value: f64) {
            self.note(&format!("+{value}"));
        }
        fn decrement(&self, value: f64) {
            self.note(&format!("-{value}"));
        }
        fn set(&self, value: f64) {
            self.note(&format!("={value}"));
        }
    }

    impl Recorder for Recorded {
        fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
            Counter::from_arc(Named::of(key, self))
        }
        fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
            Gauge::from_arc(Named::of(key, self))
        }
        fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
            Histogram::noop()
        }
    }

    #[test]
    fn states_and_metrics_say_the_same() {
        let recorded = Recorded::default();
        let states = TaskStates::default();
        metrics::with_local_recorder(&recorded, || {
            states.began("tick");
            states.began("tick");
            states.skipped("tick", 0);
            states.skipped("tick", 2);
            states.left("tick");
        });
        let state = states.all()["tick"].clone();
        assert_eq!((state.running, state.skipped), (1, 2));
        assert_eq!(
            *recorded.0.lock().unwrap(),
            [
                "scheduled_task_running{task=tick} +1",
                "scheduled_task_running{task=tick} +1",
                "scheduled_task_skipped_total{task=tick} +2",
                "scheduled_task_running{task=tick} -1",
            ]
        );
    }
}
