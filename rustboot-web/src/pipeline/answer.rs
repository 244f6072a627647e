//! What a request is answered by, and one poll of it: a handler, a router, an endpoint, or the pipeline's own "no".

use std::borrow::Cow;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use axum::response::{IntoResponse as _, Response as AxumResponse};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use rustboot_core::AppContext;
use rustboot_core::component::BoxFuture;
use rustboot_core::management::Reply;

use super::prepared::Answered;
use super::record::RequestPath;
use crate::extract::RequestBody;
use crate::problem::Explained;
use crate::route::direct::{Call, DirectFuture};
use crate::route::dispatch::RouteEntry;
use crate::route::limits;

/// The future of a handler or a router.
pub(super) type ResponseFuture = Pin<Box<dyn Future<Output = AxumResponse> + Send>>;

/// What the answer comes from.
pub(super) enum Answer {
    /// An attribute route whose handler is called without a request.
    Direct(Arc<RouteEntry>),
    /// It has been called.
    Called(DirectFuture),
    /// An attribute handler that is called with a request.
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
    Answered(Answered),
    Refused(Box<Refusal>),
}

impl Outcome {
    pub(super) fn of_axum(response: AxumResponse) -> Self {
        Self::Answered(Answered::Response(response))
    }

    pub(super) fn refused(explained: Explained, header: Option<(HeaderName, HeaderValue)>) -> Self {
        Self::Refused(Box::new(Refusal { explained, header }))
    }
}

/// Calls a handler that is called without a request. Here and not before: what its parameters are made of may be code of the
/// user, which may log and panic.
pub(super) fn begin(
    answer: &mut Answer,
    app: &AppContext,
    path: &RequestPath,
    body: &mut Option<Box<RequestBody>>,
) {
    let Answer::Direct(route) = answer else {
        return;
    };
    let Some((handler, _)) = route.direct() else {
        return;
    };
    *answer = Answer::Called(handler.call(Call {
        app,
        parameters: path.parameters(),
        body: body.take().map(|body| *body),
        answers_pipeline: true,
    }));
}

pub(super) fn poll(answer: &mut Answer, context: &mut Context<'_>) -> Poll<Outcome> {
    match answer {
        Answer::Called(future) => future.as_mut().poll(context).map(Outcome::Answered),
        Answer::Handler(future) => future.as_mut().poll(context).map(Outcome::of_axum),
        Answer::Mounted { answer, .. } => answer.as_mut().poll(context).map(Outcome::of_axum),
        Answer::Endpoint(future) => {
            let reply = ready!(future.as_mut().poll(context));
            Poll::Ready(endpoint_outcome(reply))
        }
        Answer::Refused(_) => match std::mem::replace(answer, Answer::Done) {
            Answer::Refused(refusal) => Poll::Ready(Outcome::Refused(refusal)),
            _ => Poll::Pending,
        },
        Answer::Direct(_) | Answer::Done => Poll::Pending,
    }
}

/// The answer of a mounted router on a path that attribute routes know as well, with other methods. When it does not know
/// the method either, the client gets to know the methods of both. `is_known` is whether it has a route on the path: then a 404 is
/// what its handler says.
pub(super) fn beside_ours(outcome: Outcome, ours: HeaderValue, is_known: bool) -> Outcome {
    let Outcome::Answered(Answered::Response(mut response)) = outcome else {
        return outcome;
    };
    match response.status() {
        StatusCode::NOT_FOUND
            if !is_known && response.headers().get(header::CONTENT_TYPE).is_none() =>
        {
            return Outcome::refused(
                Explained::of_pipeline(StatusCode::METHOD_NOT_ALLOWED),
                Some((header::ALLOW, ours)),
            );
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
        }
        _ => {}
    }
    Outcome::of_axum(response)
}

fn endpoint_outcome(reply: Reply) -> Outcome {
    let reply = match reply {
        Reply::Body(reply) => reply,
        Reply::Error(error) => return Outcome::of_axum(error.into_response()),
        _ => {
            return Outcome::refused(
                Explained::of_pipeline(StatusCode::INTERNAL_SERVER_ERROR),
                None,
            );
        }
    };
    let mut response = AxumResponse::new(Body::from(match reply.body {
        Cow::Borrowed(body) => Bytes::from_static(body),
        Cow::Owned(body) => Bytes::from(body),
    }));
    *response.status_mut() =
        StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if !reply.content_type.is_empty() {
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static(reply.content_type),
        );
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for (name, value) in reply.headers {
        match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            (Ok(name), Ok(value)) => {
                headers.insert(name, value);
            }
            _ => {
                tracing::error!(target: "rustboot::web", name, "an endpoint has set a header that cannot be sent");
            }
        }
    }
    Outcome::of_axum(response)
}
