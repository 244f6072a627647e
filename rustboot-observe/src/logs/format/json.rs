//! The `json` format: one object a line, the event's own fields at the top level.

use std::fmt::{self, Write};
use std::ops::Range;

use tracing::Level;

use super::number::{push_i64, push_millis, push_u64};
use super::stamp;
use super::value::Value;
use crate::correlation::Correlation;
use crate::logs::buffer::Text;

/// The one member of a span that is ours.
const SPAN_RESERVED: &str = "name";

/// Everything up to the inside of the message's quotes.
pub(in crate::logs) fn open(out: &mut Text, level: Level, target: &str) {
    before_level(out);
    before_message(out, level, target);
}

/// The time, up to its closing quote.
pub(in crate::logs) fn before_level(out: &mut Text) {
    let mut start = *b"{\"timestamp\":\"2026-01-31T12:34:56.123456Z";
    start[14..].copy_from_slice(&stamp::rfc3339());
    out.push_ascii(&start);
}

/// From there to the inside of the message's quotes.
pub(in crate::logs) fn before_message(out: &mut Text, level: Level, target: &str) {
    out.push_str("\",\"level\":\"");
    out.push_str(level.as_str());
    out.push_str("\",\"target\":\"");
    push_text(out, target);
    out.push_str("\",\"message\":\"");
}

/// The message's text.
pub(in crate::logs) fn message(out: &mut Text, value: Value<'_>) {
    value.write_to(&mut Escaped(out));
}

/// The end of the message, and the ids.
pub(in crate::logs) fn end_message(out: &mut Text, correlation: Option<&Correlation>) {
    out.push('"');
    let Some(correlation) = correlation else {
        return;
    };
    if let Some(id) = correlation.request_id() {
        // Its alphabet needs no escaping.
        out.push_str(",\"request_id\":\"");
        out.push_ascii(id.as_bytes());
        out.push('"');
    }
    if let Some(id) = correlation.trace_id() {
        out.push_str(",\"trace_id\":\"");
        out.push_ascii(&id.digits());
        out.push('"');
    }
}

/// A field of the event.
pub(in crate::logs) fn field(out: &mut Text, key: &str, value: Value<'_>) {
    out.push(',');
    push_member(out, key, is_reserved(key), value);
}

/// Members that are ours. A field of the same name gets `field_` in front.
fn is_reserved(key: &str) -> bool {
    matches!(
        key,
        "timestamp" | "level" | "target" | "message" | "request_id" | "trace_id" | "spans"
    )
}

/// The start of a span, the outermost first. `fields` is what [`add_span_field`] made.
pub(in crate::logs) fn span(out: &mut Text, name: &str, fields: &Text, first: bool) {
    out.push_str(if first {
        ",\"spans\":[{\"name\":\""
    } else {
        ",{\"name\":\""
    });
    push_text(out, name);
    out.push('"');
    if !fields.is_empty() {
        out.push(',');
        out.push_text(fields);
    }
    out.push('}');
}

/// A field of a span, as a member of its object.
pub(in crate::logs) fn span_field(key: &str, value: Value<'_>) -> Text {
    let mut member = Text::new();
    push_member(&mut member, key, key == SPAN_RESERVED, value);
    member
}

/// Puts what [`span_field`] made among the fields of a span, in the place of an earlier value.
pub(in crate::logs) fn add_span_field(fields: &mut Text, member: &Text) {
    if let Some(old) = find_member(fields.as_bytes(), name(member.as_bytes())) {
        fields.replace(old, member);
        return;
    }
    if !fields.is_empty() {
        fields.push(',');
    }
    fields.push_text(member);
}

pub(in crate::logs) fn close(out: &mut Text, spans: bool) {
    out.push_str(if spans { "]}\n" } else { "}\n" });
}

fn push_member(out: &mut Text, key: &str, reserved: bool, value: Value<'_>) {
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
        Value::Str(text) => {
            out.push('"');
            push_text(out, text);
            out.push('"');
        }
        _ => {
            out.push('"');
            value.write_to(&mut Escaped(out));
            out.push('"');
        }
    }
}

/// The name of a member, with its quotes and colon.
fn name(member: &[u8]) -> &[u8] {
    &member[..=string_end(member, 0)]
}

/// Where the member of that name is, in text that this module has written.
fn find_member(fields: &[u8], name: &[u8]) -> Option<Range<usize>> {
    let mut start = 0;
    while start < fields.len() {
        let value = string_end(fields, start) + 1;
        let end = match fields.get(value) {
            Some(b'"') => string_end(fields, value),
            _ => fields[value..]
                .iter()
                .position(|&b| b == b',')
                .map_or(fields.len(), |at| value + at),
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
struct Escaped<'a>(&'a mut Text);

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        push_text(self.0, text);
        Ok(())
    }
}

/// Appends `text` as the inside of a JSON string. DEL is escaped too, for those who read the stream in a terminal.
#[inline]
pub(in crate::logs) fn push_text(out: &mut Text, text: &str) {
    match may_have_to_escape(text.as_bytes()) {
        false => out.push_str(text),
        true => push_escaped(out, text),
    }
}

fn push_escaped(out: &mut Text, text: &str) {
    let mut done = 0;
    while let Some(found) = first_to_escape(&text.as_bytes()[done..]) {
        let at = done + found;
        // An ASCII byte is a character boundary.
        out.push_str(&text[done..at]);
        match text.as_bytes()[at] {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            byte => write!(out, "\\u{byte:04x}").unwrap_or_default(),
        }
        done = at + 1;
    }
    out.push_str(&text[done..]);
}

/// Where the first byte is that a JSON string cannot have as it is.
fn first_to_escape(text: &[u8]) -> Option<usize> {
    text.iter().position(|byte| ESCAPED[usize::from(*byte)])
}

/// Whether there is such a byte. May say yes for no reason, but never no.
#[inline]
fn may_have_to_escape(text: &[u8]) -> bool {
    // Eight bytes at once, and no branch for what is found: most text has nothing to escape. The last eight overlap.
    let Some(end) = text.last_chunk::<8>() else {
        return text.iter().any(|byte| ESCAPED[usize::from(*byte)]);
    };
    let (words, _) = text.as_chunks();
    let mut suspicious = may_escape(*end);
    for word in words {
        suspicious |= may_escape(*word);
    }
    suspicious
}

/// The bytes that have to be escaped.
const ESCAPED: [bool; 256] = {
    let mut table = [false; 256];
    let mut control = 0;
    while control < 0x20 {
        table[control] = true;
        control += 1;
    }
    table[0x7f] = true;
    table[b'"' as usize] = true;
    table[b'\\' as usize] = true;
    table
};

/// Whether one of the eight bytes has to be escaped. May say yes for no reason, but never no.
fn may_escape(bytes: [u8; 8]) -> bool {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    let word = u64::from_le_bytes(bytes);
    // The high bit of a byte comes up where the subtraction borrows, that is below the bound.
    let below = |word: u64, bound: u8| word.wrapping_sub(ONES * u64::from(bound)) & !word & HIGH;
    let equal = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    below(word, b' ') | equal(b'"') | equal(b'\\') | equal(0x7f) != 0
}
