//! What the log counts: events by level, lines lost, failures of the sink, panics.
//!
//! Plain process-wide atomics, which cost a nanosecond a line and are there before any metrics recorder is. The
//! metrics publish them at each scrape. Events and panics of an application whose telemetry is captured are counted apart.

use std::sync::atomic::{AtomicU64, Ordering};

use tracing::Level;

/// What is counted for each log.
#[derive(Debug)]
pub(crate) struct Counts {
    events: [AtomicU64; 5],
    panics: AtomicU64,
}

/// Those of the process.
pub(crate) static PROCESS: Counts = Counts::new();

static LOST_LINES: AtomicU64 = AtomicU64::new(0);
static WRITE_ERRORS: AtomicU64 = AtomicU64::new(0);

/// The counts since the start.
pub(crate) struct Counted {
    /// Beside the value of the label `level`.
    pub(crate) events: [(&'static str, u64); 5],
    pub(crate) lost_lines: u64,
    pub(crate) write_errors: u64,
    pub(crate) panics: u64,
}

impl Counts {
    pub(crate) const fn new() -> Self {
        Self {
            events: [const { AtomicU64::new(0) }; 5],
            panics: AtomicU64::new(0),
        }
    }

    pub(crate) fn read(&self) -> Counted {
        let events =
            |level: &'static str, index: usize| (level, self.events[index].load(Ordering::Relaxed));
        Counted {
            events: [
                events("error", 0),
                events("warn", 1),
                events("info", 2),
                events("debug", 3),
                events("trace", 4),
            ],
            lost_lines: LOST_LINES.load(Ordering::Relaxed),
            write_errors: WRITE_ERRORS.load(Ordering::Relaxed),
            panics: self.panics.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn event(&self, level: Level) {
        let index = match level {
            Level::ERROR => 0,
            Level::WARN => 1,
            Level::INFO => 2,
            Level::DEBUG => 3,
            Level::TRACE => 4,
        };
        self.events[index].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn panic(&self) {
        self.panics.fetch_add(1, Ordering::Relaxed);
    }
}

pub(crate) fn lost_line() {
    LOST_LINES.fetch_add(1, Ordering::Relaxed);
}

pub(crate) fn write_error() {
    WRITE_ERRORS.fetch_add(1, Ordering::Relaxed);
}
