//! The metrics of one pool. Every handle is looked up once, when the pool is made; a query only touches atomics.

use std::time::Duration;

use metrics::{Gauge, Histogram, gauge, histogram};
use rustboot_observe::metrics::names;

use crate::statement::Operation;

/// The handles of one pool.
pub(crate) struct PoolMetrics {
    operations: Vec<Histogram>,
    wait: Histogram,
    /// Connections that somebody holds.
    pub(crate) used: Gauge,
    /// Connections that wait in the pool.
    pub(crate) idle: Gauge,
}

impl PoolMetrics {
    /// Looks up the handles of a pool in the recorder of the process; without one, they do nothing.
    pub(crate) fn new(system: &'static str, pool: &str) -> Self {
        let count = |state: &'static str| gauge!(names::DB_CLIENT_CONNECTION_COUNT, "pool" => pool.to_owned(), "state" => state);
        Self {
            operations: Operation::ALL
                .iter()
                .map(|operation| {
                    histogram!(
                        names::DB_CLIENT_OPERATION_DURATION,
                        "pool" => pool.to_owned(),
                        "db_system_name" => system,
                        "db_operation_name" => operation.name()
                    )
                })
                .collect(),
            wait: histogram!(names::DB_CLIENT_CONNECTION_WAIT_TIME, "pool" => pool.to_owned()),
            used: count("used"),
            idle: count("idle"),
        }
    }

    /// One statement, from the call to its end.
    pub(crate) fn operation(&self, operation: Operation, took: Duration) {
        if let Some(histogram) = self.operations.get(operation as usize) {
            histogram.record(took);
        }
    }

    /// One wait for a connection, however it ended.
    pub(crate) fn waited(&self, took: Duration) {
        self.wait.record(took);
    }
}
