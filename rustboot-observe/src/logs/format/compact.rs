//! The `compact` format: one plain line, `time LEVEL target: message key=value … spans=outer{…}:inner{…}`.

use tracing::Level;

use super::text::{self, Quoting};
use super::value::Value;
use super::{logfmt, stamp};
use crate::correlation::Correlation;
use crate::logs::buffer::Text;

/// Everything up to the message.
pub(super) fn open(out: &mut Text, level: Level, target: &str) {
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
pub(super) fn message(out: &mut Text, value: Value<'_>) {
    out.push(' ');
    value.write_to(&mut text::Plain(out));
}

/// A field of the event.
pub(super) fn field(out: &mut Text, key: &str, value: Value<'_>) {
    out.push(' ');
    text::push_key(out, key);
    out.push('=');
    text::push_value(out, value, Quoting::Readable);
}

/// A field of a span.
pub(super) fn span_field(key: &str, value: Value<'_>) -> Text {
    let mut text = Text::new();
    text::push_key(&mut text, key);
    text.push('=');
    text::push_value(&mut text, value, Quoting::Readable);
    text
}

/// Puts what [`span_field`] made behind the other fields of a span.
pub(super) fn add_span_field(fields: &mut Text, field: &Text) {
    if !fields.is_empty() {
        fields.push(' ');
    }
    fields.push_text(field);
}

/// A span, the outermost first. `fields` is what [`add_span_field`] made.
pub(super) fn span(out: &mut Text, name: &str, fields: &Text, first: bool) {
    out.push_str(if first { " spans=" } else { ":" });
    text::push_key(out, name);
    if !fields.is_empty() {
        out.push('{');
        out.push_text(fields);
        out.push('}');
    }
}

pub(super) fn close(out: &mut Text, correlation: Option<&Correlation>) {
    logfmt::close(out, correlation);
}
