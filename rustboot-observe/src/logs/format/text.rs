//! Values in the three text formats: control characters never reach the stream, and so neither does a second line nor
//! a terminal sequence.

use std::fmt::{self, Write};

use super::number::{push_i64, push_millis, push_u64};
use super::value::Value;
use crate::logs::buffer::Text;

/// How text that is not a number is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Quoting {
    /// Everything that needs quotes gets them, so that a program can take the line apart.
    Strict,
    /// `?value` fields are written as they are: their own `Debug` has quotes where it wants them.
    Readable,
}

/// Appends a value.
pub(super) fn push_value(out: &mut Text, value: Value<'_>, quoting: Quoting) {
    match value {
        Value::U64(number) => push_u64(out, number),
        Value::I64(number) => push_i64(out, number),
        Value::Millis(duration) => push_millis(out, duration),
        Value::Bool(truth) => out.push_str(if truth { "true" } else { "false" }),
        Value::F64(_) => value.write_to(out),
        Value::Debug(_) if quoting == Quoting::Readable => value.write_to(&mut Plain(out)),
        _ => push_quoted_if_needed(out, value),
    }
}

/// Appends a value as text inside quotes.
pub(super) fn push_quoted(out: &mut Text, value: Value<'_>) {
    out.push('"');
    value.write_to(&mut Quoted(out));
    out.push('"');
}

fn push_quoted_if_needed(out: &mut Text, value: Value<'_>) {
    let start = out.len();
    push_quoted(out, value);
    let inner = &out.as_bytes()[start + 1..out.len() - 1];
    let bare = |byte: &u8| !matches!(byte, b' ' | b'=' | b'"' | b'\\' | b'{' | b'}');
    if !inner.is_empty() && inner.iter().all(bare) {
        out.pop_ascii();
        out.remove_ascii(start);
    }
}

/// Appends a key. Characters that would end it become `_`.
pub(super) fn push_key(out: &mut Text, key: &str) {
    for character in key.chars() {
        let ends = character.is_control()
            || character.is_whitespace()
            || matches!(character, '=' | '"' | '{' | '}');
        out.push(if ends { '_' } else { character });
    }
}

/// Writes text with control characters (and Unicode's line separators) escaped.
pub(super) struct Plain<'a>(pub(super) &'a mut Text);

impl Write for Plain<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        push_escaped(self.0, text, harmful);
        Ok(())
    }
}

/// The same, with quotes and backslashes escaped as well.
pub(super) struct Quoted<'a>(pub(super) &'a mut Text);

impl Write for Quoted<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        push_escaped(self.0, text, |character| {
            matches!(character, '"' | '\\') || harmful(character)
        });
        Ok(())
    }
}

/// Like [`Plain`], but a line break stays one and is indented: for people, who want to read a table or a query, and
/// still cannot be shown a forged line.
pub(super) struct Indented<'a>(pub(super) &'a mut Text);

impl Write for Indented<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for (index, line) in text.split('\n').enumerate() {
            if index > 0 {
                self.0.push_str("\n    ");
            }
            let line = line.strip_suffix('\r').unwrap_or(line);
            push_escaped(self.0, line, |character| {
                character != '\t' && harmful(character)
            });
        }
        Ok(())
    }
}

fn harmful(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}')
}

fn push_escaped(out: &mut Text, text: &str, escape: impl Fn(char) -> bool) {
    let mut done = 0;
    for (at, character) in text.char_indices() {
        if escape(character) {
            out.push_str(&text[done..at]);
            match character {
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                // ASCII only, as JSON spells it.
                other => {
                    write!(out, "\\u{:04x}", u32::from(other)).ok();
                }
            }
            done = at + character.len_utf8();
        }
    }
    out.push_str(&text[done..]);
}
