//! Log lines: how an event, an access record or a panic becomes one line in the configured format.
//!
//! [`Line`] is the one way to make a line; the modules below it know one format each. Nothing here writes anywhere.
//! A line is made without an allocation, except for the text of errors with sources and for lines inside spans.

mod compact;
pub(super) mod json;
mod logfmt;
pub(super) mod number;
mod pretty;
mod stamp;
mod text;
mod value;

use tracing::Level;

pub(crate) use value::Value;

use super::buffer::Text;
use super::config::LogFormat;
use crate::correlation::Correlation;

/// A format, and whether it may use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Style {
    pub(crate) format: LogFormat,
    /// Only `pretty` looks at it.
    pub(crate) ansi: bool,
}

/// A line in the making. Call in this order: [`Line::start`], [`Line::field`]s, [`Line::span`]s, [`Line::finish`].
pub(crate) struct Line<'a> {
    out: &'a mut Text,
    style: Style,
    correlation: Option<&'a Correlation>,
    spans: usize,
    /// `logfmt` inserts the names of spans in front of their fields.
    names_end: Option<usize>,
}

impl<'a> Line<'a> {
    /// Writes time, level, target and message. `message` gets the place to write the text to and may leave it empty.
    pub(crate) fn start(
        out: &'a mut Text,
        style: Style,
        level: Level,
        target: &str,
        correlation: Option<&'a Correlation>,
        message: impl FnOnce(&mut Message<'_>),
    ) -> Self {
        match style.format {
            LogFormat::Json => json::open(out, level, target),
            LogFormat::Logfmt => logfmt::open(out, level, target),
            LogFormat::Compact => compact::open(out, level, target),
            LogFormat::Pretty => pretty::open(out, level, target, style.ansi),
        }
        message(&mut Message {
            out,
            format: style.format,
        });
        match style.format {
            LogFormat::Json => json::end_message(out, correlation),
            LogFormat::Logfmt => logfmt::end_message(out),
            LogFormat::Compact | LogFormat::Pretty => {}
        }
        Self {
            out,
            style,
            correlation,
            spans: 0,
            names_end: None,
        }
    }

    /// Adds a field of the event.
    pub(crate) fn field(&mut self, key: &str, value: Value<'_>) {
        match self.style.format {
            LogFormat::Json => json::field(self.out, key, value),
            LogFormat::Logfmt => logfmt::field(self.out, key, value),
            LogFormat::Compact => compact::field(self.out, key, value),
            LogFormat::Pretty => pretty::field(self.out, key, value, self.style.ansi),
        }
    }

    /// Adds a span that the event lies in, the outermost first. `fields` was made by [`Style::add_span_field`].
    pub(crate) fn span(&mut self, name: &str, fields: &Text) {
        let first = self.spans == 0;
        self.spans += 1;
        match self.style.format {
            LogFormat::Json => json::span(self.out, name, fields, first),
            LogFormat::Logfmt => {
                self.names_end = Some(logfmt::span(self.out, name, fields, self.names_end));
            }
            LogFormat::Compact => compact::span(self.out, name, fields, first),
            LogFormat::Pretty => pretty::span(self.out, name, fields, first, self.style.ansi),
        }
    }

    /// Ends the line, with its line break.
    pub(crate) fn finish(self) {
        match self.style.format {
            LogFormat::Json => json::close(self.out, self.spans > 0),
            LogFormat::Logfmt => logfmt::close(self.out, self.correlation),
            LogFormat::Compact => compact::close(self.out, self.correlation),
            LogFormat::Pretty => pretty::close(self.out, self.correlation, self.style.ansi),
        }
    }
}

impl Style {
    /// A field of a span as text, for [`Style::add_span_field`].
    pub(crate) fn span_field(self, key: &str, value: Value<'_>) -> Text {
        match self.format {
            LogFormat::Json => json::span_field(key, value),
            LogFormat::Logfmt => logfmt::span_field(key, value),
            LogFormat::Compact | LogFormat::Pretty => compact::span_field(key, value),
        }
    }

    /// Adds a field to the stored fields of a span.
    pub(crate) fn add_span_field(self, fields: &mut Text, field: &Text) {
        match self.format {
            LogFormat::Json => json::add_span_field(fields, field),
            LogFormat::Logfmt => fields.push_text(field),
            LogFormat::Compact | LogFormat::Pretty => compact::add_span_field(fields, field),
        }
    }
}

/// Where the message of a line goes.
pub(crate) struct Message<'a> {
    out: &'a mut Text,
    format: LogFormat,
}

impl Message<'_> {
    /// Writes the message, whole.
    pub(crate) fn write(&mut self, value: Value<'_>) {
        match self.format {
            LogFormat::Json => json::message(self.out, value),
            LogFormat::Logfmt => logfmt::message(self.out, value),
            LogFormat::Compact => compact::message(self.out, value),
            LogFormat::Pretty => pretty::message(self.out, value),
        }
    }
}
