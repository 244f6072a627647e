//! Visitors: the fields of an event on their way into a line, and those of a span into text.

use std::error::Error;
use std::fmt;

use tracing::field::{Field, Visit};

use crate::logs::buffer::Text;
use crate::logs::format::{Line, Message, Style, Value};

const MESSAGE: &str = "message";
/// Where `tracing-log` puts what it knows about a record of the `log` crate.
const LOG_PREFIX: &str = "log.";

/// Picks the message out of an event. Whatever its type, it is text.
pub(super) struct MessageOnly<'a, 'b>(pub(super) &'a mut Message<'b>);

impl Visit for MessageOnly<'_, '_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == MESSAGE {
            self.0.write(Value::Str(value));
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        if field.name() == MESSAGE {
            self.0.write(Value::Error(value));
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == MESSAGE {
            self.0.write(Value::Debug(value));
        }
    }
}

/// Puts the other fields of an event into its line.
pub(super) struct AllButMessage<'a, 'b> {
    pub(super) line: &'a mut Line<'b>,
    /// Whether the event was a record of the `log` crate.
    pub(super) from_log: bool,
}

impl Fields for AllButMessage<'_, '_> {
    fn field(&mut self, key: &str, value: Value<'_>) {
        if key != MESSAGE && !(self.from_log && key.starts_with(LOG_PREFIX)) {
            self.line.field(key, value);
        }
    }
}

/// Makes text of a span's fields, each by itself.
pub(super) struct SpanFields {
    pub(super) style: Style,
    pub(super) fields: Vec<Text>,
}

impl Fields for SpanFields {
    fn field(&mut self, key: &str, value: Value<'_>) {
        self.fields.push(self.style.span_field(key, value));
    }
}

/// Takes fields one by one, with their types.
trait Fields {
    fn field(&mut self, key: &str, value: Value<'_>);
}

/// The macros keep the `r#` of raw identifiers (`r#type = 1`).
fn key(field: &Field) -> &'static str {
    field.name().strip_prefix("r#").unwrap_or(field.name())
}

macro_rules! visit_fields {
    ($($visitor:ty),*) => {$(
        impl Visit for $visitor {
            fn record_f64(&mut self, field: &Field, value: f64) {
                self.field(key(field), Value::F64(value));
            }

            fn record_i64(&mut self, field: &Field, value: i64) {
                self.field(key(field), Value::I64(value));
            }

            fn record_u64(&mut self, field: &Field, value: u64) {
                self.field(key(field), Value::U64(value));
            }

            // A number that JSON readers keep exactly where it fits, else text, which they keep as well.
            fn record_i128(&mut self, field: &Field, value: i128) {
                let wide = Value::Display(&value);
                self.field(key(field), i64::try_from(value).map_or(wide, Value::I64));
            }

            fn record_u128(&mut self, field: &Field, value: u128) {
                let wide = Value::Display(&value);
                self.field(key(field), u64::try_from(value).map_or(wide, Value::U64));
            }

            fn record_bool(&mut self, field: &Field, value: bool) {
                self.field(key(field), Value::Bool(value));
            }

            fn record_str(&mut self, field: &Field, value: &str) {
                self.field(key(field), Value::Str(value));
            }

            fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
                self.field(key(field), Value::Error(value));
            }

            fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
                self.field(key(field), Value::Debug(value));
            }
        }
    )*};
}

visit_fields!(AllButMessage<'_, '_>, SpanFields);
