//! A field's value on its way into a line, before anyone decides how it is quoted.

use std::error::Error;
use std::fmt::{self, Write};
use std::time::Duration;

/// How many sources of an error are followed; a chain that is longer is a cycle.
const DEEPEST: usize = 32;

/// What a field can hold.
#[derive(Clone, Copy)]
pub(crate) enum Value<'a> {
    Str(&'a str),
    /// Text from outside: what is not UTF-8 in it becomes U+FFFD.
    Bytes(&'a [u8]),
    U64(u64),
    I64(i64),
    F64(f64),
    Bool(bool),
    /// As a number of milliseconds with three decimals.
    Millis(Duration),
    Display(&'a dyn fmt::Display),
    Debug(&'a dyn fmt::Debug),
    /// With its sources behind it, separated by `: `.
    Error(&'a (dyn Error + 'static)),
}

impl Value<'_> {
    /// Writes the value as text. Errors are swallowed: the sinks are buffers and cannot fail, and where a `Display` of
    /// the application fails, half a value is better than no line.
    pub(super) fn write_to(self, sink: &mut impl Write) {
        let result = match self {
            Self::Str(text) => sink.write_str(text),
            Self::Bytes(bytes) => write_lossy(sink, bytes),
            Self::U64(number) => write!(sink, "{number}"),
            Self::I64(number) => write!(sink, "{number}"),
            // Debug, since it takes the exponent for very large and very small numbers.
            Self::F64(number) => write!(sink, "{number:?}"),
            Self::Bool(truth) => write!(sink, "{truth}"),
            Self::Millis(duration) => write!(sink, "{:.3}", duration.as_secs_f64() * 1e3),
            Self::Display(value) => write!(sink, "{value}"),
            Self::Debug(value) => write!(sink, "{value:?}"),
            Self::Error(error) => write_chain(sink, error),
        };
        result.ok();
    }
}

fn write_lossy(sink: &mut impl Write, bytes: &[u8]) -> fmt::Result {
    for chunk in bytes.utf8_chunks() {
        sink.write_str(chunk.valid())?;
        if !chunk.invalid().is_empty() {
            sink.write_char(char::REPLACEMENT_CHARACTER)?;
        }
    }
    Ok(())
}

/// Many errors repeat their source in their own text; such a source is not written again.
fn write_chain(sink: &mut impl Write, error: &(dyn Error + 'static)) -> fmt::Result {
    let mut text = String::new();
    write!(text, "{error}").ok();
    let mut source = error.source();
    for _ in 0..DEEPEST {
        let Some(error) = source else { break };
        let mut cause = String::new();
        write!(cause, "{error}").ok();
        if !text.ends_with(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
        source = error.source();
    }
    sink.write_str(&text)
}
