//! The `json` format: one object a line, the event's own fields at the top level.

use std::fmt::{self, Write};

use tracing::Level;

use super::number::{push_i64, push_millis, push_u64};
use super::stamp;
use super::value::Value;
use crate::correlation::Correlation;

/// Members that are ours. A field of the same name gets `field_` in front.
const RESERVED: [&str; 7] = [
    "timestamp",
    "level",
    "target",
    "message",
    "request_id",
    "trace_id",
    "spans",
];
/// The one member of a span that is ours.
const SPAN_RESERVED: &str = "name";

/// Everything up to the inside of the message's quotes.
pub(super) fn open(out: &mut String, level: Level, target: &str) {
    out.push_str("{\"timestamp\":\"");
    stamp::push_rfc3339(out);
    out.push_str("\",\"level\":\"");
    out.push_str(level.as_str());
    out.push_str("\",\"target\":\"");
    push_text(out, target);
    out.push_str("\",\"message\":\"");
}

/// The message's text.
pub(super) fn message(out: &mut String, value: Value<'_>) {
    value.write_to(&mut Escaped(out));
}

/// The end of the message, and the ids.
pub(super) fn end_message(out: &mut String, correlation: Option<&Correlation>) {
    out.push('"');
    let Some(correlation) = correlation else {
        return;
    };
    if let Some(id) = correlation.request_id() {
        // Its alphabet needs no escaping.
        out.push_str(",\"request_id\":\"");
        out.push_str(id.as_str());
        out.push('"');
    }
    if let Some(id) = correlation.trace_id() {
        out.push_str(",\"trace_id\":\"");
        out.push_str(std::str::from_utf8(&id.digits()).unwrap_or_default());
        out.push('"');
    }
}

/// A field of the event.
pub(super) fn field(out: &mut String, key: &str, value: Value<'_>) {
    out.push(',');
    push_member(out, key, RESERVED.contains(&key), value);
}

/// The start of a span, the outermost first. `fields` is what [`span_field`] made.
pub(super) fn span(out: &mut String, name: &str, fields: &str, first: bool) {
    out.push_str(if first {
        ",\"spans\":[{\"name\":\""
    } else {
        ",{\"name\":\""
    });
    push_text(out, name);
    out.push('"');
    if !fields.is_empty() {
        out.push(',');
        out.push_str(fields);
    }
    out.push('}');
}

/// Puts a field among those of a span, in the place of an earlier value of it.
pub(super) fn span_field(fields: &mut String, key: &str, value: Value<'_>) {
    let mut member = String::new();
    push_member(&mut member, key, key == SPAN_RESERVED, value);
    let name_end = member_name_end(&member);
    if let Some(old) = find_member(fields, &member[..name_end]) {
        fields.replace_range(old, &member);
        return;
    }
    if !fields.is_empty() {
        fields.push(',');
    }
    fields.push_str(&member);
}

pub(super) fn close(out: &mut String, spans: bool) {
    out.push_str(if spans { "]}\n" } else { "}\n" });
}

fn push_member(out: &mut String, key: &str, reserved: bool, value: Value<'_>) {
    out.push('"');
    if reserved {
        out.push_str("field_");
    }
    push_text(out, key);
    out.push_str("\":");
    match value {
        Value::U64(number) => push_u64(out, number),
        Value::I64(number) => push_i64(out, number),
        Value::Millis(duration) => push_millis(out, duration),
        Value::Bool(truth) => out.push_str(if truth { "true" } else { "false" }),
        Value::F64(number) if number.is_finite() => value.write_to(out),
        // JSON has no NaN. Null keeps the column numeric where the lines are indexed.
        Value::F64(_) => out.push_str("null"),
        _ => {
            out.push('"');
            value.write_to(&mut Escaped(out));
            out.push('"');
        }
    }
}

/// Where `"key":` ends.
fn member_name_end(member: &str) -> usize {
    string_end(member.as_bytes(), 0) + 1
}

/// The range of the member that starts with `name` (`"key":`), in text that this module has written.
fn find_member(fields: &str, name: &str) -> Option<std::ops::Range<usize>> {
    let bytes = fields.as_bytes();
    let mut start = 0;
    while start < bytes.len() {
        let value = string_end(bytes, start) + 1;
        let end = match bytes.get(value) {
            Some(b'"') => string_end(bytes, value),
            _ => bytes[value..]
                .iter()
                .position(|&b| b == b',')
                .map_or(bytes.len(), |at| value + at),
        };
        if &fields[start..value] == name {
            return Some(start..end);
        }
        start = end + 1;
    }
    None
}

/// The index behind the closing quote of the string that opens at `start`.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// Writes text as the inside of a JSON string.
struct Escaped<'a>(&'a mut String);

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        push_text(self.0, text);
        Ok(())
    }
}

/// Appends `text` as the inside of a JSON string. DEL is escaped too, for those who read the stream in a terminal.
fn push_text(out: &mut String, text: &str) {
    let mut done = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= b' ' && !matches!(byte, b'"' | b'\\' | 0x7f) {
            continue;
        }
        // An ASCII byte is a character boundary.
        out.push_str(&text[done..at]);
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            _ => {
                write!(out, "\\u{byte:04x}").ok();
            }
        }
        done = at + 1;
    }
    out.push_str(&text[done..]);
}
