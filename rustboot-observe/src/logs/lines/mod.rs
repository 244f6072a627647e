//! The layer that turns `tracing` events into lines.
//!
//! Not `tracing_subscriber::fmt::Layer`: that one aborts the process when a thread logs from a thread-local destructor,
//! leaves half a line in its buffer when a field's `Debug` panics, and runs the application's `Debug` with a span
//! locked. A span's fields become text once, when the span is made; an event only copies that text.

mod fields;
#[cfg(test)]
mod tests;

use std::cell::Cell;

use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_log::NormalizeEvent;
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use super::buffer::{Text, with_buffer};
use super::count::Counts;
use super::format::{Line, Message, Style};
use super::writer::LogWriter;
use crate::correlation;
use fields::{AllButMessage, MessageOnly, SpanFields};

/// Writes each event that comes along as a line, and counts it.
pub(super) struct Lines {
    pub(super) writer: LogWriter,
    pub(super) style: Style,
    pub(super) counts: &'static Counts,
}

const NO_FIELDS: Text = Text::new();

/// The fields of a span as text, kept with the span.
struct SpanText(Text);

impl<S> Layer<S> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = SpanFields {
            style: self.style,
            fields: Vec::new(),
        };
        attributes.record(&mut fields);
        self.keep(id, fields, &context);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let mut fields = SpanFields {
            style: self.style,
            fields: Vec::new(),
        };
        values.record(&mut fields);
        self.keep(id, fields, &context);
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let normalized = event.normalized_metadata();
        let metadata = normalized.as_ref().unwrap_or_else(|| event.metadata());
        self.counts.event(*metadata.level());
        with_buffer(|out| {
            correlation::current(|correlation| {
                let (level, target) = (*metadata.level(), metadata.target());
                let message = |message: &mut Message<'_>| event.record(&mut MessageOnly(message));
                let mut line = Line::start(out, self.style, level, target, correlation, message);
                let from_log = normalized.is_some();
                event.record(&mut AllButMessage {
                    line: &mut line,
                    from_log,
                });
                if may_look_up_spans() {
                    push_spans(&mut line, event, &context);
                }
                line.finish();
            });
            self.writer.write_line(out.as_bytes());
        });
    }
}

impl Lines {
    fn keep<S>(&self, id: &Id, fields: SpanFields, context: &Context<'_, S>)
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        // Only now, with all `Debug` behind us, is the span locked.
        let Some(span) = context.span(id).filter(|_| !fields.fields.is_empty()) else {
            return;
        };
        let mut extensions = span.extensions_mut();
        let mut text = extensions.remove().unwrap_or(SpanText(Text::new()));
        for field in fields.fields {
            self.style.add_span_field(&mut text.0, &field);
        }
        extensions.insert(text);
    }
}

fn push_spans<S>(line: &mut Line<'_>, event: &Event<'_>, context: &Context<'_, S>)
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    if let Some(scope) = context.event_scope(event) {
        for span in scope.from_root() {
            let extensions = span.extensions();
            let text = extensions.get().map(|SpanText(text)| text);
            line.span(span.name(), text.unwrap_or(&NO_FIELDS));
        }
    }
    THREAD.with(|thread| {
        if thread.get() == Thread::New {
            // Behind the lookup, so that it is torn down before what the lookup uses.
            let alive = SENTINEL.try_with(|_| ()).is_ok();
            thread.set(if alive { Thread::Alive } else { Thread::Ending });
        }
    });
}

/// The registry finds the current span through a thread-local of its own, and panics once that is gone. Destructors
/// run in the reverse order, so a sentinel that came after it says in time that the end has begun.
fn may_look_up_spans() -> bool {
    THREAD.get() != Thread::Ending
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Thread {
    New,
    Alive,
    Ending,
}

struct Sentinel;

impl Drop for Sentinel {
    fn drop(&mut self) {
        THREAD.set(Thread::Ending);
    }
}

thread_local! {
    // No destructor, so it can be used to the very end of the thread.
    static THREAD: Cell<Thread> = const { Cell::new(Thread::New) };
    static SENTINEL: Sentinel = const { Sentinel };
}
