//! From `tracing` to [`Line`]: events, and the fields of spans.
//!
//! A span's fields become text once, when the span is made; an event only copies that text.

use std::error::Error;
use std::fmt;

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber, span};
use tracing_log::NormalizeEvent;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

use super::{Line, Message, Style, Value};
use crate::correlation;
use crate::logs::buffer::with_buffer;

const MESSAGE: &str = "message";
/// Where `tracing-log` puts what it knows about a record of the `log` crate.
const LOG_PREFIX: &str = "log.";

impl<S> FormatEvent<S, Self> for Style
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, Self>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        // Not straight into `writer`: its buffer keeps half a line when a field's `Debug` panics, and the next line of
        // the thread would start with it.
        with_buffer(|out| {
            correlation::current(|correlation| {
                let normalized = event.normalized_metadata();
                let metadata = normalized.as_ref().unwrap_or_else(|| event.metadata());
                let message = |message: &mut Message<'_>| event.record(&mut MessageOnly(message));
                let mut line = Line::start(
                    out,
                    *self,
                    *metadata.level(),
                    metadata.target(),
                    correlation,
                    message,
                );
                event.record(&mut AllButMessage {
                    line: &mut line,
                    from_log: normalized.is_some(),
                });
                if let Some(scope) = context.event_scope() {
                    for span in scope.from_root() {
                        let extensions = span.extensions();
                        let fields = extensions.get::<FormattedFields<Self>>();
                        line.span(
                            span.name(),
                            fields.map_or("", |fields| fields.fields.as_str()),
                        );
                    }
                }
                line.finish();
            });
            writer.write_str(out)
        })
    }
}

impl<'writer> FormatFields<'writer> for Style {
    fn format_fields<R: RecordFields>(
        &self,
        mut writer: Writer<'writer>,
        fields: R,
    ) -> fmt::Result {
        let mut text = String::new();
        fields.record(&mut SpanFields {
            text: &mut text,
            style: *self,
        });
        writer.write_str(&text)
    }

    fn add_fields(
        &self,
        current: &'writer mut FormattedFields<Self>,
        fields: &span::Record<'_>,
    ) -> fmt::Result {
        fields.record(&mut SpanFields {
            text: &mut current.fields,
            style: *self,
        });
        Ok(())
    }
}

/// Picks the message out of an event. Whatever its type, it is text.
struct MessageOnly<'a, 'b>(&'a mut Message<'b>);

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

struct AllButMessage<'a, 'b> {
    line: &'a mut Line<'b>,
    from_log: bool,
}

impl Fields for AllButMessage<'_, '_> {
    fn field(&mut self, key: &str, value: Value<'_>) {
        if key != MESSAGE && !(self.from_log && key.starts_with(LOG_PREFIX)) {
            self.line.field(key, value);
        }
    }
}

struct SpanFields<'a> {
    text: &'a mut String,
    style: Style,
}

impl Fields for SpanFields<'_> {
    fn field(&mut self, key: &str, value: Value<'_>) {
        self.style.push_span_field(self.text, key, value);
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

visit_fields!(AllButMessage<'_, '_>, SpanFields<'_>);
