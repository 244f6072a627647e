//! The metrics of Redis. Every handle is looked up once; a command only touches atomics.

use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use rustboot_observe::metrics::names;

use super::command::Operation;

/// The handles.
pub(crate) struct Metrics {
    operations: Vec<Histogram>,
    wait: Histogram,
    timeouts: Counter,
    failures: Counter,
    refusals: Counter,
    reconnects: Counter,
    connected: Gauge,
    in_flight: Gauge,
    /// Connections of their own that somebody holds.
    pub(super) used: Gauge,
    /// Those that wait in the pool.
    pub(super) idle: Gauge,
}

impl Metrics {
    /// Looks up the handles in the recorder of the process; without one, they do nothing.
    pub(super) fn new() -> Self {
        let errors = |kind: &'static str| counter!(names::REDIS_ERRORS, "kind" => kind);
        let connections = |state: &'static str| gauge!(names::REDIS_CONNECTIONS, "state" => state);
        Self {
            operations: Operation::all()
                .map(|name| histogram!(names::REDIS_OPERATION_DURATION, "operation" => name))
                .collect(),
            wait: histogram!(names::REDIS_CONNECTION_WAIT_TIME),
            timeouts: errors("timeout"),
            failures: errors("connection"),
            refusals: errors("refused"),
            reconnects: counter!(names::REDIS_RECONNECTS),
            connected: gauge!(names::REDIS_CONNECTED),
            in_flight: gauge!(names::REDIS_IN_FLIGHT),
            used: connections("used"),
            idle: connections("idle"),
        }
    }

    /// One command, from the call to its end.
    pub(super) fn operation(&self, operation: Operation, took: Duration) {
        if let Some(histogram) = self.operations.get(operation.index()) {
            histogram.record(took);
        }
    }

    /// One wait for a connection of one's own, however it ended.
    pub(super) fn waited(&self, took: Duration) {
        self.wait.record(took);
    }

    pub(super) fn timed_out(&self) {
        self.timeouts.increment(1);
    }

    pub(super) fn failed(&self) {
        self.failures.increment(1);
    }

    /// Told at once that there is no connection, or no room.
    pub(super) fn refused(&self) {
        self.refusals.increment(1);
    }

    pub(super) fn reconnected(&self) {
        self.reconnects.increment(1);
    }

    pub(super) fn connected(&self, is: bool) {
        self.connected.set(if is { 1.0 } else { 0.0 });
    }

    pub(super) fn in_flight(&self, commands: usize) {
        self.in_flight.set(commands as f64);
    }
}
