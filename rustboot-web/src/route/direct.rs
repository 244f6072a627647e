//! Handlers that are called without a request.
//!
//! Most handlers take parameters of the path, components, perhaps a body of JSON, and nothing else of a request. The route
//! macros find out from the types ([`Pick`]), and such a handler is called with just that: the head of the request is dropped
//! before the handler runs, so that hyper can read the next one into the same memory, and nothing is looked up in a map of
//! extensions. Any other handler is called through axum's own `Handler`, as in a router.
//!
//! A type means the same either way.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Json;
use axum::extract::Request;
use axum::extract::rejection::JsonRejection;
use axum::handler::Handler;
use axum::response::IntoResponse;
use futures_util::FutureExt as _;
use http::StatusCode;
use pin_project_lite::pin_project;
use rustboot_core::component::Injectable;
use rustboot_core::{AppContext, Error};
use serde::de::DeserializeOwned;

use super::handler::{HandlerFuture, Kind, RouteHandler, route_handler};
use super::returns::Convert;
pub use super::returns::{AsAxumDoes, Returns, ReturnsOther};
use crate::client_ip::ClientIp;
pub use crate::extract::body::RequestBody;
use crate::extract::{Path, PathParameters, RequestId};
use crate::pipeline::prepared::Answered;

/// What there is for a handler.
#[derive(Debug)]
pub struct Call<'a> {
    pub(crate) app: &'a AppContext,
    /// None on a route without any.
    pub(crate) parameters: Option<&'a PathParameters>,
    /// For a handler that reads it.
    pub(crate) body: Option<RequestBody>,
    /// Whether its answer goes to the pipeline: no layer gets to see it.
    pub(crate) answers_pipeline: bool,
}

/// A parameter that can be had at once: everything injectable, and what the pipeline knows.
pub trait AtOnce: Sized + Send {
    /// Takes it.
    fn take(call: &Call<'_>) -> Result<Self, Error>;
}

impl<T: Injectable + Send> AtOnce for T {
    fn take(call: &Call<'_>) -> Result<Self, Error> {
        T::inject(&call.app.resolver())
    }
}

impl<T: DeserializeOwned + Send> AtOnce for Path<T> {
    fn take(call: &Call<'_>) -> Result<Self, Error> {
        PathParameters::deserialize(call.parameters).map(Self)
    }
}

impl AtOnce for RequestId {
    fn take(_: &Call<'_>) -> Result<Self, Error> {
        Self::current()
    }
}

impl AtOnce for ClientIp {
    fn take(_: &Call<'_>) -> Result<Self, Error> {
        Self::current()
    }
}

/// The last parameter, when it is made of the body.
pub trait FromBody: Sized + Send {
    /// The answer when it cannot be read.
    type Rejection: IntoResponse + Send;

    /// Reads it.
    fn read(body: RequestBody) -> impl Future<Output = Result<Self, Self::Rejection>> + Send;
}

impl<T: DeserializeOwned + Send> FromBody for Json<T> {
    type Rejection = JsonRejection;

    async fn read(body: RequestBody) -> Result<Self, JsonRejection> {
        body.json().await
    }
}

/// What a handler makes that is called without a request.
pub(crate) type DirectFuture = Pin<Box<dyn Future<Output = Answered> + Send>>;

/// A handler with the taking of its parameters, without their types.
pub(crate) trait DirectHandler: Send + Sync {
    /// Takes the parameters, and gives the future of the handler. Where one cannot be had, that is the answer.
    fn call(&self, call: Call<'_>) -> DirectFuture;
}

impl<F> DirectHandler for F
where
    F: Fn(Call<'_>) -> DirectFuture + Send + Sync,
{
    fn call(&self, call: Call<'_>) -> DirectFuture {
        self(call)
    }
}

/// Calls one that had to wait for somebody who wanted to see the request: who decides whether it may pass, or a layer.
pub(super) fn with_request(
    handler: &dyn DirectHandler,
    reads_body: bool,
    mut request: Request,
    app: &AppContext,
) -> HandlerFuture {
    let parameters: Option<PathParameters> = request.extensions_mut().remove();
    let answer = handler.call(Call {
        app,
        parameters: parameters.as_ref(),
        body: reads_body.then(|| RequestBody::of(request)),
        answers_pipeline: false,
    });
    Box::pin(answer.map(Answered::into_response))
}

pin_project! {
    /// The future of a handler, with its answer as a response. No async block, which would hold the future twice.
    struct Respond<F, C> {
        #[pin]
        future: F,
        answers_pipeline: bool,
        convert: PhantomData<fn() -> C>,
    }
}

impl<F: Future, C: Convert<F::Output>> Future for Respond<F, C> {
    type Output = Answered;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Answered> {
        let this = self.project();
        let for_pipeline = *this.answers_pipeline;
        let answer = this.future.poll(context);
        answer.map(|answer| C::response(answer, for_pipeline))
    }
}

/// The types of a handler's parameters. By them the compiler finds `handler`: the method of this type when all can be had
/// at once, that of [`WithBody`] when the last is made of the body, that of [`ViaAxum`] otherwise.
#[derive(Debug)]
pub struct Pick<P>(PhantomData<fn() -> P>);

impl<P> Pick<P> {
    /// The only one.
    pub const NEW: Self = Self(PhantomData);

    fn direct<H>(
        reads_body: bool,
        handler: impl Fn(Call<'_>) -> DirectFuture + Send + Sync + 'static,
    ) -> RouteHandler {
        RouteHandler {
            kind: Kind::Direct(Arc::new(handler), reads_body),
            name: std::any::type_name::<H>(),
        }
    }
}

/// See [`Pick`].
pub trait WithBody<H, F> {
    /// The handler without its type.
    fn handler<C: Convert<F::Output>>(&self, handler: H, convert: C) -> RouteHandler
    where
        F: Future;
}

/// See [`Pick`].
pub trait ViaAxum {
    /// The handler without its type.
    fn handler<H, A, C>(&self, handler: H, _: C) -> RouteHandler
    where
        H: Handler<A, AppContext, Future = HandlerFuture>,
        A: 'static,
    {
        route_handler(handler)
    }
}

impl<P> ViaAxum for &Pick<P> {}

/// An answer that is there already.
#[cold]
fn answer(answer: impl IntoResponse) -> DirectFuture {
    Box::pin(std::future::ready(Answered::Response(
        answer.into_response(),
    )))
}

macro_rules! handlers_of {
    ($($parameter:ident)*) => {
        impl<$($parameter: AtOnce),*> Pick<($($parameter,)*)> {
            /// The handler without its type.
            #[allow(non_snake_case, unused_variables, reason = "the names of types name the values, if there are any")]
            pub fn handler<H, F, C>(&self, handler: H, _: C) -> RouteHandler
            where
                H: Fn($($parameter),*) -> F + Send + Sync + 'static,
                F: Future<Output: IntoResponse> + Send + 'static,
                C: Convert<F::Output>,
            {
                Self::direct::<H>(false, move |call| {
                    $(let $parameter = match $parameter::take(&call) {
                        Ok(it) => it,
                        Err(error) => return answer(error),
                    };)*
                    Box::pin(Respond::<_, C> {
                        future: handler($($parameter),*),
                        answers_pipeline: call.answers_pipeline,
                        convert: PhantomData,
                    })
                })
            }
        }

        impl<H, F, B, $($parameter: AtOnce),*> WithBody<H, F> for Pick<($($parameter,)* B,)>
        where
            B: FromBody,
            H: Fn($($parameter,)* B) -> F + Clone + Send + Sync + 'static,
            F: Future<Output: IntoResponse> + Send + 'static,
            $($parameter: 'static,)*
        {
            #[allow(non_snake_case, reason = "the names of types name the values")]
            fn handler<C: Convert<F::Output>>(&self, handler: H, _: C) -> RouteHandler {
                Self::direct::<H>(true, move |mut call| {
                    $(let $parameter = match $parameter::take(&call) {
                        Ok(it) => it,
                        Err(error) => return answer(error),
                    };)*
                    let Some(body) = call.body.take() else {
                        return answer(StatusCode::INTERNAL_SERVER_ERROR);
                    };
                    let handler = handler.clone();
                    let for_pipeline = call.answers_pipeline;
                    Box::pin(async move {
                        match B::read(body).await {
                            Ok(body) => C::response(handler($($parameter,)* body).await, for_pipeline),
                            Err(rejection) => Answered::Response(rejection.into_response()),
                        }
                    })
                })
            }
        }
    };
}

// More parameters than that go through axum, which knows sixteen.
handlers_of!();
handlers_of!(P1);
handlers_of!(P1 P2);
handlers_of!(P1 P2 P3);
handlers_of!(P1 P2 P3 P4);
handlers_of!(P1 P2 P3 P4 P5);
handlers_of!(P1 P2 P3 P4 P5 P6);
handlers_of!(P1 P2 P3 P4 P5 P6 P7);
