//! Answers whose length is not known when they begin, and those after which the connection is no longer HTTP.
//!
//! Where an answer is made at once, nothing of this is reached: a body of a known length was complete before the handler
//! returned, and runs no code of the user.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_body::{Body as HttpBody, Frame};
use rustboot_observe::correlation::Correlation;

use super::future::problem;
use super::record::Record;
use crate::problem::Explained;
use crate::stream::events::EventStream;
use crate::stream::sse::KeepAlive;
use crate::stream::tether::Ending;
use crate::stream::{Kind, Managed, OpenStream};

/// How an answer goes on after its head.
#[derive(Debug)]
pub(super) enum Streaming {
    /// It does not: the body was there.
    No,
    /// The body is made while it is sent.
    Body,
    /// It is an event stream.
    Events(Box<EventStream>),
    /// The connection is given away.
    Upgrade {
        ending: Ending,
        /// Open for as long as the connection has the record.
        _open: Arc<OpenStream>,
    },
}

impl Streaming {
    pub(super) fn is_upgrade(&self) -> bool {
        matches!(self, Self::Upgrade { .. })
    }
}

/// Looks at what an answer will be, and counts it in. It becomes a 503 when too many of its kind are open.
pub(super) fn begin(mut response: Response, record: &mut Record) -> Response {
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        return begin_upgrade(response, record);
    }
    // Nobody asks for the body of an answer to HEAD.
    if record.method == Method::HEAD {
        return response;
    }
    if !is_event_stream(&response) {
        record.streaming = Streaming::Body;
        return response;
    }
    let Some(open) = record.pipeline.streams.begin(Kind::Events) else {
        return refused("event streams", record);
    };
    let heartbeat = match response.extensions_mut().remove::<KeepAlive>() {
        Some(KeepAlive::AsConfigured) => Some(record.pipeline.streams.sse.keep_alive),
        Some(KeepAlive::Every(pause)) => Some(pause),
        Some(KeepAlive::Off) | None => None,
    };
    // A layer of the user has compressed it, and a comment cannot be put in.
    let heartbeat =
        heartbeat.filter(|_| !response.headers().contains_key(header::CONTENT_ENCODING));
    let shutdown = record.pipeline.app.shutdown().clone();
    record.streaming = Streaming::Events(Box::new(EventStream::new(open, shutdown, heartbeat)));
    record.count_out();
    response
}

fn is_event_stream(response: &Response) -> bool {
    let content_type = response.headers().get(header::CONTENT_TYPE);
    content_type.is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream"))
}

fn begin_upgrade(mut response: Response, record: &mut Record) -> Response {
    let Some(open) = record.pipeline.streams.begin(Kind::Upgraded) else {
        return refused("WebSockets", record);
    };
    let open = Arc::new(open);
    let managed = response.extensions_mut().remove::<Managed>();
    let protocol = response.headers().get(header::UPGRADE);
    let ending = match protocol {
        Some(protocol)
            if managed.is_none() && protocol.as_bytes().eq_ignore_ascii_case(b"websocket") =>
        {
            Ending::GoingAway
        }
        _ => Ending::OfTheHandler,
    };
    if let Some(managed) = managed {
        // Filled once: the handler has made this one answer.
        let _first = managed.0.set(Arc::clone(&open));
    }
    record.streaming = Streaming::Upgrade {
        ending,
        _open: open,
    };
    record.count_out();
    response
}

/// Gives the record to the connection: the request is over when that is.
pub(super) fn upgrade(record: Box<Record>) {
    if let Streaming::Upgrade { ending, .. } = record.streaming {
        let connection = Arc::clone(&record.connection);
        connection.tether().upgrade(record, ending);
    }
}

fn refused(what: &str, record: &mut Record) -> Response {
    let explained = Explained::of_pipeline(StatusCode::SERVICE_UNAVAILABLE)
        .with_detail(format!("too many {what} are open; try again later"));
    // Streams are open for longer than requests are in flight.
    let retry = HeaderValue::from_static("10");
    let headers = HeaderMap::from_iter([(header::RETRY_AFTER, retry)]);
    problem(&explained, headers, record)
}

/// The next piece of a body that is made while it is sent.
pub(super) fn poll_frame(
    body: &mut Body,
    record: &mut Record,
    context: &mut Context<'_>,
) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
    if let Streaming::Events(events) = &mut record.streaming
        && events.is_over(context)
    {
        end(body, &mut record.correlation);
        return Poll::Ready(None);
    }
    let polled = guarded(body, &mut record.correlation, context);
    let Streaming::Events(events) = &mut record.streaming else {
        return polled;
    };
    if polled.is_pending() {
        return events
            .quiet(context)
            .map(|comment| Some(Ok(Frame::data(comment))));
    }
    events.spoke();
    polled
}

/// With the ids of the request on what is logged. A panic costs this answer and nothing else.
fn guarded(
    body: &mut Body,
    correlation: &mut Correlation,
    context: &mut Context<'_>,
) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
    let entered = correlation.enter();
    let polled = catch_unwind(AssertUnwindSafe(|| {
        Pin::new(&mut *body).poll_frame(context)
    }));
    if let Ok(polled) = polled {
        if let Poll::Ready(Some(Err(error))) = &polled {
            tracing::error!(target: "rustboot::web", %error, "the body of an answer failed half-way");
        }
        return polled;
    }
    drop(entered);
    end(body, correlation);
    // The panic has been logged. The client sees an answer that breaks off.
    Poll::Ready(Some(Err(axum::Error::new(
        "the body of an answer panicked",
    ))))
}

/// Drops a body as the handler of the request would have dropped what is in it.
pub(super) fn end(body: &mut Body, correlation: &mut Correlation) {
    let _entered = correlation.enter();
    let body = std::mem::take(body);
    // What is caught has been logged, and there is nothing left to save.
    let _panic = catch_unwind(AssertUnwindSafe(|| drop(body)));
}
