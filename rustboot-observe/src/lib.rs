//! Logs and metrics of Rustboot services.
//!
//! | module | |
//! |---|---|
//! | [`logs`] | the stream of lines: writer, formats, access log, filter, panic hook |
//! | [`correlation`] | the request and trace ids of the current thread, on every line without a span |
//! | [`metrics`] | the Prometheus recorder, the names of all metrics, process and runtime figures |
//! | `loggers` | `/loggers`: levels at run time, for a while or until the end |
//! | `module` | [`ObserveModule`], which installs all of it first and flushes it last; [`CapturedModule`] in its place for tests |
//! | [`Capture`] | the telemetry of one application among several in a process, for tests |
//!
//! Applications go on using `tracing`, `log` and `metrics` directly; this crate is where what they say ends up.
//!
//! # What is lost when the process is killed
//!
//! Log lines reach the sink at most 5 ms after they were written, as long as it takes them. `SIGKILL`, an abort or
//! `std::process::exit` lose what was written in those 5 ms, and what a slow sink had not taken yet (at most 8 MiB). A
//! panic that ends the process waits up to 100 ms for its own line. An orderly stop flushes. Metrics live in memory and
//! start at zero with the process; what happened since the last scrape is never seen.

mod capture;
pub mod correlation;
mod loggers;
pub mod logs;
pub mod metrics;
mod module;

pub use capture::{Capture, Entered};
pub use module::{CapturedModule, ObserveModule};
