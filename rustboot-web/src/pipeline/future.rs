//! The one future of a request.

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::response::{IntoResponse as _, Response as AxumResponse};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body::Body as _;
use rustboot_core::finish;
use std::sync::atomic::Ordering;
use tokio::time::Sleep;

use super::abandon::abandon;
use super::answer::{self, Answer, Outcome, Refusal};
use super::answer_body::AnswerBody;
#[cfg(feature = "compression")]
use super::compressing;
use super::prepared::Answered;
use super::record::{Record, Subject};
use super::{PipelineBody, cross_origin, headers, said, streaming};
use crate::client_ip;
use crate::problem::{Asked, Explained, explain_response, problem_response};
use crate::route::note;

/// Polls the handler inside its correlation, under the timeout and the panic guard, and finishes what comes out.
///
/// hyper moves it several times, so it is small: what belongs to the request is in the record, which is boxed once.
pub(crate) struct PipelineFuture {
    answer: Answer,
    /// Taken when the answer is there; dropped with the future when the client goes away first.
    record: Option<Box<Record>>,
    /// Made when the handler is not done at once: most never arm a timer.
    deadline: Option<Pin<Box<Sleep>>>,
}

impl Drop for PipelineFuture {
    fn drop(&mut self) {
        // Only one that is dropped before its end still has its record.
        if let Some(record) = &mut self.record {
            abandon(&mut self.answer, record);
        }
    }
}

impl PipelineFuture {
    pub(super) fn new(answer: Answer, record: Box<Record>) -> Self {
        Self {
            answer,
            record: Some(record),
            deadline: None,
        }
    }
}

impl Future for PipelineFuture {
    type Output = Result<Response<PipelineBody>, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = self.get_mut().poll_response(context);
        said::note(&polled);
        polled
    }
}

impl PipelineFuture {
    fn poll_response(&mut self, context: &mut Context<'_>) -> Poll<<Self as Future>::Output> {
        let Self {
            answer,
            record: slot,
            deadline,
        } = self;
        let Some(record) = slot else {
            // Polled again after it was done; there is nothing left to say.
            return Poll::Pending;
        };
        let outer_ip = client_ip::replace_current(record.client_ip);
        let mut polled = match answer {
            Answer::Mounted { .. } => poll_mounted(answer, record, deadline, context),
            _ => poll_guarded(answer, record, context),
        };
        if !record.deferred.is_empty() {
            polled = ready_to_end(polled, answer, record, context);
        }
        client_ip::replace_current(outer_ip);

        let outcome = match polled {
            Poll::Ready(outcome) => outcome,
            Poll::Pending => {
                let deadline =
                    deadline.get_or_insert_with(|| Box::pin(tokio::time::sleep(record.timeout)));
                ready!(deadline.as_mut().poll(context));
                abandon(answer, record);
                Outcome::refused(
                    Explained::of_pipeline(StatusCode::SERVICE_UNAVAILABLE)
                        .with_detail(format!("no answer within {:?}", record.timeout)),
                    None,
                )
            }
        };
        *answer = Answer::Done;
        match slot.take() {
            Some(record) => Poll::Ready(Ok(complete(outcome, record))),
            None => Poll::Pending,
        }
    }
}

/// One poll of a mounted router, which may tell what the request is for.
fn poll_mounted(
    answer: &mut Answer,
    record: &mut Record,
    deadline: &mut Option<Pin<Box<Sleep>>>,
    context: &mut Context<'_>,
) -> Poll<Outcome> {
    note::listen();
    let mut polled = poll_guarded(answer, record, context);
    let mut told = note::take();
    if told.is_none()
        && let Poll::Ready(Outcome::Answered(Answered::Response(response))) = &mut polled
    {
        told = note::of(response);
    }
    if let Some(note) = told {
        if let Some(own) = &note.own {
            // Counted anew from here, when layers outside of the router have waited for something.
            record.timeout = own.limits.timeout;
            *deadline = None;
        }
        record.learn(note);
    }
    let Answer::Mounted {
        otherwise: Some(allow),
        ..
    } = answer
    else {
        return polled;
    };
    let is_known = matches!(record.subject, Subject::Route(_));
    polled.map(|outcome| answer::beside_ours(outcome, allow.clone(), is_known))
}

/// One poll of the answer, with everything around it that belongs to the request: the ids for the log, what it defers to its
/// end, and the panic guard.
fn poll_guarded(
    answer: &mut Answer,
    record: &mut Record,
    context: &mut Context<'_>,
) -> Poll<Outcome> {
    let _entered = record.correlation.enter();
    let (polled, deferred) = finish::collecting(|| {
        // A panic in a handler must cost its own request and nothing else. What it leaves behind is dropped.
        match catch_unwind(AssertUnwindSafe(|| {
            answer::begin(answer, &record.pipeline.app, &record.path, &mut record.body);
            answer::poll(answer, context)
        })) {
            Ok(polled) => polled,
            Err(_) => {
                // What is left of it may panic once more.
                let left = std::mem::replace(answer, Answer::Done);
                let _panic = catch_unwind(AssertUnwindSafe(|| drop(left)));
                Poll::Ready(Outcome::refused(
                    Explained::of_pipeline(StatusCode::INTERNAL_SERVER_ERROR),
                    None,
                ))
            }
        }
    });
    if let Some(deferred) = deferred {
        record.deferred.append(deferred);
    }
    polled
}

/// The request has deferred something to its end. When the answer is a success, that is finished before the answer goes out,
/// and may turn it into an error; with any other answer it is taken back.
fn ready_to_end(
    polled: Poll<Outcome>,
    answer: &mut Answer,
    record: &mut Record,
    context: &mut Context<'_>,
) -> Poll<Outcome> {
    let outcome = ready!(polled);
    let deferred = std::mem::take(&mut record.deferred);
    match outcome {
        Outcome::Answered(answered) if is_success(&answered) => {
            *answer = Answer::Called(Box::pin(async move {
                match deferred.finish().await {
                    Ok(()) => answered,
                    Err(error) => Answered::Response(error.into_response()),
                }
            }));
            poll_guarded(answer, record, context)
        }
        outcome => {
            // The handler goes first, and gives back what it borrowed.
            *answer = Answer::Done;
            Poll::Ready(outcome)
        }
    }
}

fn is_success(answered: &Answered) -> bool {
    match answered {
        Answered::Prepared(..) => true,
        Answered::Response(response) => {
            response.status().is_success() || response.status().is_redirection()
        }
    }
}

fn complete(outcome: Outcome, mut record: Box<Record>) -> Response<PipelineBody> {
    let response = match outcome {
        Outcome::Answered(Answered::Prepared(headers, body)) => {
            return complete_prepared(headers, body, record);
        }
        Outcome::Answered(Answered::Response(response)) if response.status().as_u16() < 400 => {
            response
        }
        Outcome::Answered(Answered::Response(mut response)) => {
            let pipeline = Arc::clone(&record.pipeline);
            // Explaining logs, and the log wants the request id.
            let entered = record.correlation.enter();
            let explained = explain_response(&mut response, &pipeline.app);
            drop(entered);
            match explained {
                None => {
                    record.connection.request_is_refused();
                    response
                }
                Some(explained) => {
                    let headers = std::mem::take(response.headers_mut());
                    problem(&explained, headers, &mut record)
                }
            }
        }
        Outcome::Refused(refusal) => {
            let Refusal { explained, header } = *refusal;
            let mut headers = HeaderMap::new();
            headers.extend(header);
            problem(&explained, headers, &mut record)
        }
    };

    let length = response.body().size_hint().exact();
    let response = match length {
        Some(_) if response.status() != StatusCode::SWITCHING_PROTOCOLS => response,
        _ => streaming::begin(response, &mut record),
    };

    let (mut parts, body) = response.into_parts();
    record.status = Some(parts.status);
    let is_upgrade = record.streaming.is_upgrade();
    add_headers(&mut parts.headers, &mut record, !is_upgrade);
    let body = match is_upgrade {
        true => {
            streaming::upgrade(record);
            PipelineBody::empty()
        }
        false => {
            let body = AnswerBody::Any(body);
            #[cfg(feature = "compression")]
            let (body, length) =
                compressing::end(parts.status, &mut parts.headers, body, length, &mut record);
            PipelineBody::new(body, length, &mut parts.headers, record)
        }
    };
    Response::from_parts(parts, body)
}

/// The same for an answer of which everything is known: a success that was there at once.
fn complete_prepared(
    headers: &HeaderMap,
    body: Bytes,
    mut record: Box<Record>,
) -> Response<PipelineBody> {
    record.status = Some(StatusCode::OK);
    let mut headers = headers.clone();
    add_headers(&mut headers, &mut record, true);
    let length = Some(body.len() as u64);
    let body = AnswerBody::Whole(body);
    #[cfg(feature = "compression")]
    let (body, length) = compressing::end(StatusCode::OK, &mut headers, body, length, &mut record);
    let body = PipelineBody::new(body, length, &mut headers, record);
    let mut response = Response::new(body);
    let empty = std::mem::replace(response.headers_mut(), headers);
    // It owns nothing, and finding that out takes its destructor sixty instructions.
    std::mem::forget(empty);
    response
}

/// Adds what every answer carries.
#[inline]
fn add_headers(headers: &mut HeaderMap, record: &mut Record, may_close: bool) {
    // Of a body that is too large the rest is still on its way, and is not read to its end: the next request would be lost.
    let is_cut = record.status == Some(StatusCode::PAYLOAD_TOO_LARGE);
    let closes = may_close && (record.pipeline.draining.load(Ordering::Relaxed) || is_cut);
    let request_id = std::mem::replace(&mut record.request_id, HeaderValue::from_static(""));
    headers::add(headers, request_id, record.version, closes);
    if record.pipeline.cors.is_some() {
        cross_origin::end(headers, record);
    }
}

/// The response for a problem, in the shape of the application.
#[cold]
pub(super) fn problem(
    explained: &Explained,
    headers: HeaderMap,
    record: &mut Record,
) -> AxumResponse {
    record.connection.request_is_refused();
    let id = record.correlation.request_id().cloned();
    // The shape is the application's code, and may log.
    let _entered = record.correlation.enter();
    let asked = Asked {
        method: &record.method,
        path: record.path.text(&record.subject),
        request_id: id.as_ref().map_or("", |id| id.as_str()),
        has_route: !matches!(
            record.subject,
            Subject::Unmatched | Subject::UnmatchedUnwritten
        ),
    };
    problem_response(explained, headers, &asked, &*record.pipeline.error_body)
}
