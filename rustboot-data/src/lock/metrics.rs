//! The metrics of locks.

use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use rustboot_observe::metrics::names;

/// The handles. Names of locks are no labels: there may be one for each order.
pub(super) struct Metrics {
    acquired: Histogram,
    busy: Histogram,
    failed: Histogram,
    pub(super) held: Gauge,
    pub(super) lost: Counter,
}

impl Metrics {
    pub(super) fn new() -> Self {
        let wait = |outcome: &'static str| histogram!(names::LOCK_WAIT_TIME, "outcome" => outcome);
        Self {
            acquired: wait("acquired"),
            busy: wait("busy"),
            failed: wait("error"),
            held: gauge!(names::LOCKS_HELD),
            lost: counter!(names::LOCKS_LOST),
        }
    }

    /// One attempt; `None` when it failed.
    pub(super) fn waited(&self, acquired: Option<bool>, took: Duration) {
        match acquired {
            Some(true) => self.acquired.record(took),
            Some(false) => self.busy.record(took),
            None => self.failed.record(took),
        }
    }
}
