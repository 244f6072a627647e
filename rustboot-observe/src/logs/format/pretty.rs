//! The `pretty` format, for people: short time, level, target, message, fields, the request id dimmed at the end.

use tracing::Level;

use super::text::{self, Quoting};
use super::value::Value;
use super::{compact, logfmt, stamp};
use crate::correlation::Correlation;
use crate::logs::buffer::Text;

const DIM: &str = "\x1b[2m";
const RESET: &str = "\x1b[0m";

/// Everything up to the message.
pub(super) fn open(out: &mut Text, level: Level, target: &str, ansi: bool) {
    painted(out, DIM, ansi, stamp::push_clock);
    out.push(' ');
    let (colour, name) = match level {
        Level::ERROR => ("\x1b[1;31m", "ERROR"),
        Level::WARN => ("\x1b[33m", " WARN"),
        Level::INFO => ("\x1b[32m", " INFO"),
        Level::DEBUG => ("\x1b[34m", "DEBUG"),
        Level::TRACE => ("\x1b[35m", "TRACE"),
    };
    painted(out, colour, ansi, |out| out.push_str(name));
    out.push(' ');
    painted(out, DIM, ansi, |out| {
        Value::Str(target).write_to(&mut text::Plain(out));
        out.push(':');
    });
}

/// The message's text. It may have several lines; all but the first are indented.
pub(super) fn message(out: &mut Text, value: Value<'_>) {
    out.push(' ');
    value.write_to(&mut text::Indented(out));
}

/// A field of the event.
pub(super) fn field(out: &mut Text, key: &str, value: Value<'_>, ansi: bool) {
    out.push(' ');
    painted(out, DIM, ansi, |out| {
        text::push_key(out, key);
        out.push('=');
    });
    text::push_value(out, value, Quoting::Readable);
}

/// A span, the outermost first.
pub(super) fn span(out: &mut Text, name: &str, fields: &Text, first: bool, ansi: bool) {
    painted(out, DIM, ansi, |out| {
        compact::span(out, name, fields, first)
    });
}

pub(super) fn close(out: &mut Text, correlation: Option<&Correlation>, ansi: bool) {
    if correlation.is_some() {
        painted(out, DIM, ansi, |out| {
            logfmt::close(out, correlation);
            out.pop_ascii();
        });
    }
    out.push('\n');
}

fn painted(out: &mut Text, colour: &str, ansi: bool, write: impl FnOnce(&mut Text)) {
    if ansi {
        out.push_str(colour);
    }
    write(out);
    if ansi {
        out.push_str(RESET);
    }
}
