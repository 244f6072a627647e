//! The one future of a request.

use std::convert::Infallible;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse as _, Response as AxumResponse};
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use pin_project_lite::pin_project;
use rustboot_core::component::BoxFuture;
use rustboot_core::finish;
use rustboot_core::management::Reply;
use tokio::time::Sleep;

use super::abandon::abandon;
use super::complete::complete;
use super::record::Record;
use super::{PipelineBody, said};
use crate::client_ip;
use crate::problem::Explained;
use crate::route::{limits, mounted};

/// The future of a handler or a router.
pub(super) type ResponseFuture = Pin<Box<dyn Future<Output = AxumResponse> + Send>>;

/// What the answer comes from.
pub(super) enum Answer {
    /// An attribute handler.
    Handler(ResponseFuture),
    /// A router of the user.
    Mounted {
        answer: ResponseFuture,
        /// The `Allow` of our own route on the path, for when the router does not know it either.
        otherwise: Option<HeaderValue>,
    },
    /// A management endpoint.
    Endpoint(BoxFuture<'static, Reply>),
    /// The pipeline itself says no. Boxed, so that the rare case does not make every request's future larger.
    Refused(Box<Refusal>),
    /// It has been taken.
    Done,
}

/// A "no" of the pipeline.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) explained: Explained,
    pub(super) header: Option<(HeaderName, HeaderValue)>,
}

impl Answer {
    pub(super) fn status(status: StatusCode) -> Self {
        Self::refused(Explained::of_pipeline(status), None)
    }

    pub(super) fn method_not_allowed(allow: HeaderValue) -> Self {
        Self::refused(
            Explained::of_pipeline(StatusCode::METHOD_NOT_ALLOWED),
            Some((header::ALLOW, allow)),
        )
    }

    /// There is no room; the client may come back.
    pub(super) fn full() -> Self {
        let retry = HeaderValue::from_static("1");
        Self::refused(limits::full(), Some((header::RETRY_AFTER, retry)))
    }

    pub(super) fn refused(explained: Explained, header: Option<(HeaderName, HeaderValue)>) -> Self {
        Self::Refused(Box::new(Refusal { explained, header }))
    }
}

/// How the work on an answer ended.
pub(super) enum Outcome {
    Response(AxumResponse),
    Refused(Box<Refusal>),
}

impl Outcome {
    fn refused(explained: Explained, header: Option<(HeaderName, HeaderValue)>) -> Self {
        Self::Refused(Box::new(Refusal { explained, header }))
    }
}

pin_project! {
    /// Polls the handler inside its correlation, under the timeout and the panic guard, and finishes what comes out.
    pub(crate) struct PipelineFuture {
        answer: Answer,
        client_ip: Option<IpAddr>,
        // Taken when the answer is there; dropped with the future when the client goes away first.
        record: Option<Box<Record>>,
        timeout: Duration,
        // Made when the handler is not done at once: most never arm a timer.
        #[pin]
        deadline: Option<Sleep>,
    }

    impl PinnedDrop for PipelineFuture {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            // Only one that is dropped before its end still has its record.
            if let Some(record) = this.record {
                abandon(this.answer, record);
            }
        }
    }
}

impl PipelineFuture {
    pub(super) fn new(
        answer: Answer,
        client_ip: Option<IpAddr>,
        record: Box<Record>,
        timeout: Duration,
    ) -> Self {
        Self {
            answer,
            client_ip,
            record: Some(record),
            timeout,
            deadline: None,
        }
    }
}

impl Future for PipelineFuture {
    type Output = Result<Response<PipelineBody>, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = self.poll_response(context);
        said::note(&polled);
        polled
    }
}

impl PipelineFuture {
    fn poll_response(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<<Self as Future>::Output> {
        let mut this = self.project();
        let Some(record) = this.record.as_mut() else {
            // Polled again after it was done; there is nothing left to say.
            return Poll::Pending;
        };
        let outer_ip = client_ip::replace_current(*this.client_ip);
        let is_mounted = matches!(this.answer, Answer::Mounted { .. });
        let mut polled = poll_guarded(this.answer, record, context);
        // A second poll, of what was deferred, is none of the router.
        let note = if is_mounted {
            mounted::take_note()
        } else {
            None
        };
        if !record.deferred.is_empty() {
            polled = ready_to_end(polled, this.answer, record, context);
        }
        client_ip::replace_current(outer_ip);
        if let Some(note) = note {
            if let Some(own) = &note.own {
                // Counted anew from here, when layers outside of the router have waited for something.
                *this.timeout = own.limits.timeout;
                this.deadline.set(None);
            }
            record.learn(note);
        }

        let outcome = match polled {
            Poll::Ready(outcome) => outcome,
            Poll::Pending => {
                if this.deadline.is_none() {
                    this.deadline.set(Some(tokio::time::sleep(*this.timeout)));
                }
                let Some(deadline) = this.deadline.as_mut().as_pin_mut() else {
                    return Poll::Pending;
                };
                ready!(deadline.poll(context));
                abandon(this.answer, record);
                Outcome::refused(
                    Explained::of_pipeline(StatusCode::SERVICE_UNAVAILABLE)
                        .with_detail(format!("no answer within {:?}", this.timeout)),
                    None,
                )
            }
        };
        *this.answer = Answer::Done;
        match this.record.take() {
            Some(record) => Poll::Ready(Ok(complete(outcome, record))),
            None => Poll::Pending,
        }
    }
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
        match catch_unwind(AssertUnwindSafe(|| poll_answer(answer, context))) {
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
    if !deferred.is_empty() {
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
        Outcome::Response(response)
            if response.status().is_success() || response.status().is_redirection() =>
        {
            *answer = Answer::Handler(Box::pin(async move {
                match deferred.finish().await {
                    Ok(()) => response,
                    Err(error) => error.into_response(),
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

fn poll_answer(answer: &mut Answer, context: &mut Context<'_>) -> Poll<Outcome> {
    match answer {
        Answer::Handler(future) => future.as_mut().poll(context).map(Outcome::Response),
        Answer::Mounted { answer, otherwise } => {
            let response = ready!(answer.as_mut().poll(context));
            Poll::Ready(match otherwise.take() {
                Some(allow) => beside_ours(response, allow),
                None => Outcome::Response(response),
            })
        }
        Answer::Endpoint(future) => {
            let reply = ready!(future.as_mut().poll(context));
            Poll::Ready(endpoint_outcome(reply))
        }
        Answer::Refused(_) => match std::mem::replace(answer, Answer::Done) {
            Answer::Refused(refusal) => Poll::Ready(Outcome::Refused(refusal)),
            _ => Poll::Pending,
        },
        Answer::Done => Poll::Pending,
    }
}

/// The answer of a mounted router on a path that attribute routes know as well, with other methods. When it does not know
/// the method either, the client gets to know the methods of both.
fn beside_ours(mut response: AxumResponse, ours: HeaderValue) -> Outcome {
    match response.status() {
        StatusCode::NOT_FOUND if response.headers().get(header::CONTENT_TYPE).is_none() => {
            Outcome::refused(
                Explained::of_pipeline(StatusCode::METHOD_NOT_ALLOWED),
                Some((header::ALLOW, ours)),
            )
        }
        StatusCode::METHOD_NOT_ALLOWED => {
            let theirs = response
                .headers()
                .get(header::ALLOW)
                .and_then(|allow| allow.to_str().ok());
            let mut methods: Vec<&str> = [theirs, ours.to_str().ok()]
                .into_iter()
                .flatten()
                .flat_map(|allow| allow.split(','))
                .map(str::trim)
                .filter(|method| !method.is_empty())
                .collect();
            methods.sort_unstable();
            methods.dedup();
            if let Ok(allow) = HeaderValue::from_str(&methods.join(", ")) {
                response.headers_mut().insert(header::ALLOW, allow);
            }
            Outcome::Response(response)
        }
        _ => Outcome::Response(response),
    }
}

fn endpoint_outcome(reply: Reply) -> Outcome {
    let reply = match reply {
        Reply::Body(reply) => reply,
        Reply::Error(error) => return Outcome::Response(error.into_response()),
        _ => {
            return Outcome::refused(
                Explained::of_pipeline(StatusCode::INTERNAL_SERVER_ERROR),
                None,
            );
        }
    };
    let mut response = AxumResponse::new(Body::from(reply.body));
    *response.status_mut() =
        StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(reply.content_type),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Outcome::Response(response)
}
