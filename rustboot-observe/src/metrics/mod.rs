//! Metrics: the process's recorder, and its text for Prometheus.
//!
//! Everything is reported through the `metrics` facade, by Rustboot as by the application. This module listens on no
//! port and starts no task: whoever serves `/metrics` calls [`Metrics::render`], and someone has to call
//! [`Metrics::upkeep`].

mod exposition;
mod histogram;
pub mod names;
mod process;
mod recorder;
mod runtime;

use std::sync::OnceLock;

use crate::logs::count::{self, Counts};
use exposition::Exposition;
use recorder::Handle;
pub(crate) use recorder::Recorder;

const FOREIGN: &str = "# metrics go to another recorder, which this process installed before Rustboot: \
                       only process and runtime figures are here\n";

/// The metrics of the process. Clones are the same.
#[derive(Debug, Clone)]
pub struct Metrics {
    /// None when the process had another recorder before.
    handle: Option<Handle>,
    /// Where they are recorded that are not the process's.
    apart: Option<&'static Recorder>,
    counts: &'static Counts,
}

impl Metrics {
    /// Installs the recorder of the process, the first time it is called, and describes Rustboot's own metrics.
    ///
    /// When the process has a recorder already, that one stays and gets all metrics; [`Metrics::render`] then has only
    /// what does not go through a recorder.
    pub fn install() -> Self {
        static INSTALLED: OnceLock<Metrics> = OnceLock::new();
        INSTALLED
            .get_or_init(|| {
                let recorder = Recorder::new();
                let handle = recorder.handle();
                let handle = ::metrics::set_global_recorder(recorder)
                    .is_ok()
                    .then_some(handle);
                names::describe();
                // Present from the start: an alert on the growth of a counter misses its first step otherwise.
                publish_counts(&count::PROCESS);
                Self {
                    handle,
                    apart: None,
                    counts: &count::PROCESS,
                }
            })
            .clone()
    }

    /// Metrics that are not those of the process: of the threads that make their recorder theirs.
    pub(crate) fn apart(counts: &'static Counts) -> (Self, &'static Recorder) {
        // Threads keep a reference for as long as they live.
        let recorder: &'static Recorder = Box::leak(Box::new(Recorder::new()));
        let metrics = Self {
            handle: Some(recorder.handle()),
            apart: Some(recorder),
            counts,
        };
        ::metrics::with_local_recorder(recorder, || {
            names::describe();
            publish_counts(counts);
        });
        (metrics, recorder)
    }

    /// Whether the recorder of the process is ours.
    pub fn installed(&self) -> bool {
        self.handle.is_some()
    }

    /// Everything in the Prometheus text format 0.0.4 (`text/plain; version=0.0.4`), `process_*` and `tokio_*` read at
    /// this moment. `tokio_*` is about the runtime that this is called on, and missing outside of one.
    pub fn render(&self) -> String {
        self.publish_counts();
        let mut text = match &self.handle {
            Some(handle) => handle.render(),
            None => FOREIGN.to_owned(),
        };
        let mut more = Exposition::append_to(&mut text);
        process::render(&mut more);
        runtime::render(&mut more);
        text
    }

    /// Hands what the log has counted to the recorder, for one that is not ours. To be called every few seconds. Nothing grows
    /// without it: a histogram has its buckets and keeps no observation.
    pub fn upkeep(&self) {
        self.publish_counts();
        if let Some(handle) = &self.handle {
            handle.run_upkeep();
        }
    }

    fn publish_counts(&self) {
        match self.apart {
            Some(recorder) => {
                ::metrics::with_local_recorder(recorder, || publish_counts(self.counts));
            }
            None => publish_counts(self.counts),
        }
    }

    /// Sets `app_info{name,version,profile}` to 1.
    pub fn app_info(&self, name: &str, version: &str, profile: &str) {
        let labels = [
            ("name", name.to_owned()),
            ("version", version.to_owned()),
            ("profile", profile.to_owned()),
        ];
        ::metrics::gauge!(names::APP_INFO, &labels).set(1.0);
    }

    /// Sets `app_ready`.
    pub fn ready(&self, ready: bool) {
        ::metrics::gauge!(names::APP_READY).set(if ready { 1.0 } else { 0.0 });
    }
}

/// Hands what the log has counted to the recorder, whichever it is.
fn publish_counts(counts: &Counts) {
    let counts = counts.read();
    for (level, events) in counts.events {
        ::metrics::counter!(names::LOG_EVENTS, "level" => level).absolute(events);
    }
    ::metrics::counter!(names::LOG_LINES_LOST).absolute(counts.lost_lines);
    ::metrics::counter!(names::LOG_WRITE_ERRORS).absolute(counts.write_errors);
    ::metrics::counter!(names::PANICS).absolute(counts.panics);
}
