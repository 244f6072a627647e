//! The telemetry of one application among several in a process: for tests that run side by side.
//!
//! It goes by threads. A thread that has entered a [`Capture`] sends its `tracing` events, its `log` records, its panics and
//! its metrics there. A runtime whose threads all enter is an application with telemetry of its own. What a thread says that never entered
//! (one that a library starts for itself) goes where the process has it. Metrics handles (`counter!` and the like) belong
//! to the capture of the thread that made them, wherever they are used later on; one in a `static` stays with the first.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tracing::Dispatch;
use tracing::subscriber::NoSubscriber;

use crate::logs::count::Counts;
use crate::logs::panic::{self, Captured};
use crate::logs::{LogWriter, Logs};
use crate::metrics::{Metrics, Recorder};

/// How long a reader waits for lines that are on their way.
const FLUSH_LIMIT: Duration = Duration::from_secs(5);

/// A second subscriber beside the first capture's. While there is but one, `tracing` asks the thread that first reaches a log
/// statement whether anybody wants it, and keeps a no for the whole process, though another thread would be captured.
static BESIDE: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(NoSubscriber::new()));

/// Logs and metrics that are kept for a test to look at. Clones are the same.
#[derive(Clone)]
pub struct Capture(Arc<Inner>);

struct Inner {
    logs: Logs,
    dispatch: Dispatch,
    metrics: Metrics,
    recorder: &'static Recorder,
    panics: Captured,
    kept: Kept,
}

impl Capture {
    /// An empty one. Lines are also printed as they come, in a form for people, to the standard output of the test that makes
    /// it: the test harness shows them when the test fails.
    ///
    /// Each takes some kilobytes that are not given back, for the threads that may still know it.
    ///
    /// # Panics
    /// When the operating system refuses another thread, for the writer of the log.
    pub fn new() -> Self {
        LazyLock::force(&BESIDE);
        let counts: &'static Counts = Box::leak(Box::new(Counts::new()));
        let kept = Kept::default();
        let writer = LogWriter::to(Sink {
            kept: kept.clone(),
            unprinted: Vec::new(),
        });
        let (logs, dispatch) = Logs::apart(writer.clone(), counts);
        let (metrics, recorder) = Metrics::apart(counts);
        panic::install_hook();
        Self(Arc::new(Inner {
            panics: Captured {
                writer,
                style: logs.style(),
                counts,
            },
            logs,
            dispatch,
            metrics,
            recorder,
            kept,
        }))
    }

    /// Captures what this thread says, until the guard is dropped.
    pub fn enter(&self) -> Entered {
        Entered {
            panics_before: Some(panic::capture(Some(self.0.panics.clone()))),
            _logs: tracing::dispatcher::set_default(&self.0.dispatch),
            _metrics: ::metrics::set_default_local_recorder(self.0.recorder),
        }
    }

    /// Captures what this thread says, for as long as it lives: for `on_thread_start` of a runtime.
    pub fn enter_for_good(&self) {
        std::mem::forget(self.enter());
    }

    /// All lines so far, each a JSON object.
    pub fn lines(&self) -> Vec<String> {
        self.0.logs.flush(FLUSH_LIMIT);
        let kept = self.0.kept.lock();
        let text = String::from_utf8_lossy(&kept);
        text.lines().map(str::to_owned).collect()
    }

    /// All metrics, in the text format of Prometheus.
    pub fn metrics_text(&self) -> String {
        self.0.metrics.render()
    }

    pub(crate) fn logs(&self) -> &Logs {
        &self.0.logs
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }
}

impl Default for Capture {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Capture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Capture")
            .field("logs", &self.0.logs)
            .finish_non_exhaustive()
    }
}

/// A thread whose telemetry is captured. Dropping it gives the thread back to whom it belonged before.
#[must_use = "dropping it ends the capture"]
pub struct Entered {
    panics_before: Option<Option<Captured>>,
    _logs: tracing::dispatcher::DefaultGuard,
    _metrics: ::metrics::LocalRecorderGuard<'static>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        if let Some(before) = self.panics_before.take() {
            panic::capture(before);
        }
    }
}

impl fmt::Debug for Entered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entered")
    }
}

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Kept {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<u8>> {
        // It is only appended to, whole batches at a time.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps what comes, and shows it.
struct Sink {
    kept: Kept,
    unprinted: Vec<u8>,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.kept.lock().extend_from_slice(bytes);
        self.unprinted.extend_from_slice(bytes);
        while let Some(end) = self.unprinted.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.unprinted.drain(..=end).collect();
            if let Some(line) = for_people(&String::from_utf8_lossy(&line)) {
                show(&line);
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[allow(
    clippy::print_stdout,
    reason = "only what goes through the macro is captured by the test harness"
)]
fn show(line: &str) {
    println!("{line}");
}

/// `12:00:00.123  INFO shop::orders: order placed id=5`. None for a panic, which the test harness shows.
fn for_people(line: &str) -> Option<String> {
    let Ok(Value::Object(mut fields)) = serde_json::from_str(line) else {
        return Some(line.trim_end().to_owned());
    };
    if fields.get("target").is_some_and(|target| target == "panic") {
        return None;
    }
    let mut take = |name: &str| match fields.remove(name) {
        Some(Value::String(text)) => text,
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let time = take("timestamp");
    let time = time.split_once('T').map_or("", |(_, time)| time);
    let mut text = format!(
        "{} {:>5} {}: {}",
        time.get(..12).unwrap_or(time),
        take("level"),
        take("target"),
        take("message")
    );
    for (name, value) in fields {
        match value {
            Value::String(value) => text += &format!(" {name}={value}"),
            value => text += &format!(" {name}={value}"),
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests;
