//! The access line: one for each request, made and written without going through a `tracing` event.
//!
//! An event with these fields costs several times what a small handler does. Here the line is formatted into the
//! thread's buffer and appended to the stream: no allocation, no subscriber.

mod json;
#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tracing::Level;

use super::buffer::{Text, with_buffer};
use super::config::LogFormat;
use super::count::Counts;
use super::format::{Line, Style, Value};
use super::writer::LogWriter;
use crate::correlation::Correlation;

/// The target of access lines, for filters: `info,access=off`.
pub(super) const TARGET: &str = "access";
/// How much of the user agent and of the path is kept, in bytes: clients choose their length.
const LONGEST_USER_AGENT: usize = 256;
const LONGEST_PATH: usize = 1024;

/// What the access line says about a request that has been answered, or not.
#[derive(Debug, Clone, Copy)]
pub struct AccessRecord<'a> {
    /// `GET` and the like.
    pub method: &'a str,
    /// The template of the route: `/items/{id}`.
    pub route: &'a str,
    /// The path as the client sent it, without the query. Cut at 1024 bytes.
    pub path: &'a str,
    /// The status of the answer.
    pub status: u16,
    /// From the request's head to the end of the answer. Written as milliseconds with three decimals.
    pub duration: Duration,
    /// The size of the answer's body.
    pub bytes: u64,
    /// Who asked, as far as that is known.
    pub client_ip: Option<IpAddr>,
    /// The header as it came; what is not UTF-8 is replaced. Cut at 256 bytes.
    pub user_agent: Option<&'a [u8]>,
    /// The client went away, or the server stopped, before the answer was complete.
    pub aborted: bool,
}

/// Writes access lines. Clones are cheap and share the switch.
#[derive(Debug, Clone)]
pub struct AccessLog(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    writer: LogWriter,
    style: Style,
    enabled: AtomicBool,
    counts: &'static Counts,
}

impl AccessLog {
    pub(super) fn new(
        writer: LogWriter,
        style: Style,
        enabled: bool,
        counts: &'static Counts,
    ) -> Self {
        Self(Arc::new(Inner {
            writer,
            style,
            enabled: AtomicBool::new(enabled),
            counts,
        }))
    }

    pub(super) fn style(&self) -> Style {
        self.0.style
    }

    pub(super) fn set_enabled(&self, enabled: bool) {
        self.0.enabled.store(enabled, Ordering::Relaxed);
    }

    /// Whether lines are written: `log.access` is on, and the filter lets target `access` pass at INFO. Costs one
    /// relaxed load.
    pub fn enabled(&self) -> bool {
        self.0.enabled.load(Ordering::Relaxed)
    }

    /// Writes one line, unless the log is off. Never blocks on the sink, and allocates nothing once the thread's
    /// buffer has grown to the size of a line.
    pub fn write(&self, record: &AccessRecord<'_>, correlation: &Correlation) {
        if !self.enabled() {
            return;
        }
        self.0.counts.event(Level::INFO);
        with_buffer(|out| {
            record.format(out, self.0.style, correlation);
            self.0.writer.write_line(out.as_bytes());
        });
    }
}

impl AccessRecord<'_> {
    fn format(&self, out: &mut Text, style: Style, correlation: &Correlation) {
        let correlation = (!correlation.is_empty()).then_some(correlation);
        if style.format == LogFormat::Json {
            return json::push(out, self, correlation);
        }
        let mut line = Line::start(out, style, Level::INFO, TARGET, correlation, |message| {
            let Self {
                method,
                route,
                status,
                ..
            } = self;
            message.write(Value::Display(&format_args!("{method} {route} {status}")));
        });
        line.field("method", Value::Str(self.method));
        line.field("route", Value::Str(self.route));
        line.field("path", Value::Str(self.path()));
        line.field("status", Value::U64(self.status.into()));
        line.field("duration_ms", Value::Millis(self.duration));
        line.field("bytes", Value::U64(self.bytes));
        if let Some(ip) = self.client_ip {
            line.field("client_ip", Value::Display(&ip));
        }
        if let Some(agent) = self.user_agent() {
            line.field("user_agent", Value::Bytes(agent));
        }
        if self.aborted {
            line.field("aborted", Value::Bool(true));
        }
        line.finish();
    }

    fn path(&self) -> &str {
        &self.path[..self.path.floor_char_boundary(LONGEST_PATH)]
    }

    fn user_agent(&self) -> Option<&[u8]> {
        self.user_agent.map(|agent| cut(agent, LONGEST_USER_AGENT))
    }
}

/// At most `longest` bytes, without half a character at the end that was whole before.
fn cut(text: &[u8], longest: usize) -> &[u8] {
    if text.len() <= longest {
        return text;
    }
    let mut end = longest;
    // A character has at most three bytes behind its first.
    while end > longest - 3 && text[end] & 0b1100_0000 == 0b1000_0000 {
        end -= 1;
    }
    &text[..end]
}
