//! The `compact` format: one plain line, `time LEVEL target: message key=value … spans=outer{…}:inner{…}`.

use tracing::Level;

use super::text::{self, Quoting};
use super::value::Value;
use super::{logfmt, stamp};
use crate::correlation::Correlation;

/// Everything up to the message.
pub(super) fn open(out: &mut String, level: Level, target: &str) {
    stamp::push_rfc3339(out);
    out.push_str(match level {
        Level::ERROR => " ERROR ",
        Level::WARN => "  WARN ",
        Level::INFO => "  INFO ",
        Level::DEBUG => " DEBUG ",
        Level::TRACE => " TRACE ",
    });
    Value::Str(target).write_to(&mut text::Plain(out));
    out.push(':');
}

/// The message's text.
pub(super) fn message(out: &mut String, value: Value<'_>) {
    out.push(' ');
    value.write_to(&mut text::Plain(out));
}

/// A field of the event.
pub(super) fn field(out: &mut String, key: &str, value: Value<'_>) {
    out.push(' ');
    text::push_key(out, key);
    out.push('=');
    text::push_value(out, value, Quoting::Readable);
}

/// Puts a field among those of a span.
pub(super) fn span_field(fields: &mut String, key: &str, value: Value<'_>) {
    if !fields.is_empty() {
        fields.push(' ');
    }
    text::push_key(fields, key);
    fields.push('=');
    text::push_value(fields, value, Quoting::Readable);
}

/// A span, the outermost first. `fields` is what [`span_field`] made.
pub(super) fn span(out: &mut String, name: &str, fields: &str, first: bool) {
    out.push_str(if first { " spans=" } else { ":" });
    text::push_key(out, name);
    if !fields.is_empty() {
        out.push('{');
        out.push_str(fields);
        out.push('}');
    }
}

pub(super) fn close(out: &mut String, correlation: Option<&Correlation>) {
    logfmt::close(out, correlation);
}
