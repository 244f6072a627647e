//! The panic hook: each panic is counted, and logged once, as one line with its location and the request's id.
//!
//! The line does not go through `tracing`. A panic can come from the middle of a subscriber, with its locks held, and
//! a hook that waits for them or panics itself ends the process.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::cell::RefCell;
use std::panic::{self, PanicHookInfo};
use std::sync::{Once, OnceLock};
use std::time::Duration;

use tracing::Level;

use super::buffer::with_buffer;
use super::count::{self, Counts};
use super::format::{Line, Style, Value};
use super::writer::LogWriter;
use crate::correlation;

const TARGET: &str = "panic";
/// How long a panic that ends the process waits until its line is out.
const LAST_FLUSH: Duration = Duration::from_millis(100);

/// Where panics are logged, once a subscriber of ours is installed.
static LOG: OnceLock<(LogWriter, Style)> = OnceLock::new();

/// Where panics of a thread are logged and counted whose telemetry is captured.
#[derive(Clone)]
pub(crate) struct Captured {
    pub(crate) writer: LogWriter,
    pub(crate) style: Style,
    pub(crate) counts: &'static Counts,
}

thread_local! {
    static CAPTURED: RefCell<Option<Captured>> = const { RefCell::new(None) };
}

/// From now on, the panics of this thread go there; `None` for where they went before anybody captured them. Returns where
/// they went until now.
pub(crate) fn capture(captured: Option<Captured>) -> Option<Captured> {
    // A thread at its end has nobody who waits for its telemetry.
    CAPTURED
        .try_with(|slot| slot.replace(captured))
        .unwrap_or_default()
}

fn captured() -> Option<Captured> {
    // A panic in the middle of `capture` finds the slot taken.
    CAPTURED
        .try_with(|slot| slot.try_borrow().ok()?.clone())
        .unwrap_or_default()
}

/// Puts the hook in front of the present one, the first time it is called.
pub(crate) fn install_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if let Some(captured) = captured() {
                captured.counts.panic();
                log(info, &captured.writer, captured.style, captured.counts);
                // It may be the test's own assertion.
                return previous(info);
            }
            count::PROCESS.panic();
            match LOG.get() {
                Some((writer, style)) => log(info, writer, *style, &count::PROCESS),
                None => previous(info),
            }
        }));
    });
}

/// From now on panics are lines of this log, and no longer the previous hook's business.
pub(super) fn log_to(writer: LogWriter, style: Style) {
    // A second one in the process: the first goes on.
    LOG.set((writer, style)).ok();
}

fn log(info: &PanicHookInfo<'_>, writer: &LogWriter, style: Style, counts: &Counts) {
    counts.event(Level::ERROR);
    let thread = std::thread::current();
    let thread = thread.name().unwrap_or("unnamed");
    // Captures only where RUST_BACKTRACE (or RUST_LIB_BACKTRACE) asks for it.
    let backtrace = Backtrace::capture();
    with_buffer(|out| {
        correlation::current(|correlation| {
            let mut line = Line::start(out, style, Level::ERROR, TARGET, correlation, |message| {
                message.write(Value::Str(
                    info.payload_as_str().unwrap_or("a panic without a text"),
                ));
            });
            if let Some(location) = info.location() {
                line.field("location", Value::Display(location));
            }
            line.field("thread", Value::Str(thread));
            if backtrace.status() == BacktraceStatus::Captured {
                line.field("backtrace", Value::Display(&backtrace));
            }
            line.finish();
        });
        writer.write_line(out.as_bytes());
    });
    // Nobody flushes later on when this ends the process, as it does on the main thread and without unwinding.
    if cfg!(panic = "abort") || thread == "main" {
        writer.flush(LAST_FLUSH);
    }
}
