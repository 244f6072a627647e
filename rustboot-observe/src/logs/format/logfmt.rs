//! The `logfmt` format: `ts=… level=info target=… msg="…" key=value …`.

use tracing::Level;

use super::stamp;
use super::text::{self, Quoting};
use super::value::Value;
use crate::correlation::Correlation;
use crate::logs::buffer::Text;

/// Everything up to the inside of the message's quotes.
pub(super) fn open(out: &mut Text, level: Level, target: &str) {
    out.push_str("ts=");
    stamp::push_rfc3339(out);
    out.push_str(match level {
        Level::ERROR => " level=error target=",
        Level::WARN => " level=warn target=",
        Level::INFO => " level=info target=",
        Level::DEBUG => " level=debug target=",
        Level::TRACE => " level=trace target=",
    });
    text::push_value(out, Value::Str(target), Quoting::Strict);
    out.push_str(" msg=\"");
}

/// The message's text.
pub(super) fn message(out: &mut Text, value: Value<'_>) {
    value.write_to(&mut text::Quoted(out));
}

pub(super) fn end_message(out: &mut Text) {
    out.push('"');
}

/// A field of the event.
pub(super) fn field(out: &mut Text, key: &str, value: Value<'_>) {
    out.push(' ');
    if is_reserved(key) {
        out.push_str("field_");
    }
    text::push_key(out, key);
    out.push('=');
    text::push_value(out, value, Quoting::Strict);
}

/// Keys that are ours. A field of the same name gets `field_` in front.
fn is_reserved(key: &str) -> bool {
    matches!(
        key,
        "ts" | "level" | "target" | "msg" | "request_id" | "trace_id" | "spans"
    )
}

/// A field of a span. Added to the others as it is: a value recorded later stands behind the earlier one, and counts.
pub(super) fn span_field(key: &str, value: Value<'_>) -> Text {
    let mut text = Text::new();
    field(&mut text, key, value);
    text
}

/// Inserts a span's name at `names_end` and appends its fields. Answers where the names end now.
pub(super) fn span(out: &mut Text, name: &str, fields: &Text, names_end: Option<usize>) -> usize {
    let at = match names_end {
        Some(at) => {
            out.insert_str(at, ":");
            at + 1
        }
        None => {
            out.push_str(" spans=");
            out.len()
        }
    };
    let mut key = Text::new();
    text::push_key(&mut key, name);
    out.replace(at..at, &key);
    out.push_text(fields);
    at + key.len()
}

pub(super) fn close(out: &mut Text, correlation: Option<&Correlation>) {
    if let Some(id) = correlation.and_then(Correlation::request_id) {
        out.push_str(" request_id=");
        out.push_ascii(id.as_bytes());
    }
    if let Some(id) = correlation.and_then(Correlation::trace_id) {
        out.push_str(" trace_id=");
        out.push_ascii(&id.digits());
    }
    out.push('\n');
}
