//! The access line: one for each request, made and written without going through a `tracing` event.
//!
//! An event with these fields costs several times what a small handler does. Here the line is formatted into the
//! thread's buffer and appended to the stream: no allocation, no subscriber. What is the same for many lines is made
//! once: [`AccessRoute`] at start, [`ClientAddress`] with the connection, [`UserAgent`] with its first request.

mod agent;
mod client;
mod json;
mod route;
#[cfg(test)]
mod tests;

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

pub use agent::UserAgent;
pub use client::ClientAddress;
pub use route::AccessRoute;

/// The target of access lines, for filters: `info,access=off`.
pub(super) const TARGET: &str = "access";
/// How much of the path is kept, in bytes: clients choose its length.
const LONGEST_PATH: usize = 1024;

/// What the access line says about a request that has been answered, or not.
#[derive(Debug, Clone, Copy)]
pub struct AccessRecord<'a> {
    /// The route, and the method that it is for.
    pub route: &'a AccessRoute,
    /// The method, where the route is for [any](AccessRoute::for_any_method). Not looked at otherwise.
    pub method: &'a str,
    /// The path as the client sent it, without the query. Cut at 1024 bytes.
    pub path: &'a str,
    /// The status of the answer: three digits.
    pub status: u16,
    /// From the request's head to the end of the answer. Written as milliseconds with three decimals.
    pub duration: Duration,
    /// The size of the answer's body.
    pub bytes: u64,
    /// Who asked, as far as that is known.
    pub client_ip: Option<&'a ClientAddress>,
    /// The header `user-agent`.
    pub user_agent: Option<&'a UserAgent>,
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
        let (method, route) = (self.method(), self.route.template());
        let mut line = Line::start(out, style, Level::INFO, TARGET, correlation, |message| {
            let status = self.status;
            message.write(Value::Display(&format_args!("{method} {route} {status}")));
        });
        line.field("method", Value::Str(method));
        line.field("route", Value::Str(route));
        line.field("path", Value::Str(self.path()));
        line.field("status", Value::U64(self.status.into()));
        line.field("duration_ms", Value::Millis(self.duration));
        line.field("bytes", Value::U64(self.bytes));
        if let Some(client) = self.client_ip {
            line.field("client_ip", Value::Str(client.as_str()));
        }
        if let Some(agent) = self.user_agent {
            line.field("user_agent", Value::Bytes(agent.as_bytes()));
        }
        if self.aborted {
            line.field("aborted", Value::Bool(true));
        }
        line.finish();
    }

    fn method(&self) -> &str {
        self.route.method().unwrap_or(self.method)
    }

    fn path(&self) -> &str {
        match self.path.len() {
            ..=LONGEST_PATH => self.path,
            _ => &self.path[..self.path.floor_char_boundary(LONGEST_PATH)],
        }
    }
}
