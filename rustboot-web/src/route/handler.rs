//! A handler without its type.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::handler::Handler;
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter, on};
use rustboot_core::AppContext;

use super::direct::{self, DirectHandler};

/// What axum makes of an `async fn`: already boxed, so it is not boxed again.
pub(crate) type HandlerFuture = Pin<Box<dyn Future<Output = Response> + Send>>;

/// A handler without its type.
#[derive(Clone)]
pub struct RouteHandler {
    pub(crate) kind: Kind,
    /// What the compiler calls it.
    pub(crate) name: &'static str,
}

/// How it is called.
#[derive(Clone)]
pub(crate) enum Kind {
    /// With a request, as axum does.
    Axum(Arc<dyn AxumHandler>),
    /// Without one; the flag says whether it reads the body.
    Direct(Arc<dyn DirectHandler>, bool),
}

impl Kind {
    /// It as axum's routers want it, to be put behind layers.
    pub(crate) fn method_router(&self, method: MethodFilter) -> MethodRouter<AppContext> {
        match self {
            Self::Axum(handler) => handler.method_router(method),
            Self::Direct(handler, reads_body) => {
                let (handler, reads_body) = (Arc::clone(handler), *reads_body);
                let call = move |State(app): State<AppContext>, request: Request| {
                    direct::with_request(&*handler, reads_body, request, &app)
                };
                on(method, call)
            }
        }
    }

    /// Whether one of its extractors works only inside axum's own router.
    pub(crate) fn needs_axum_router(&self) -> bool {
        match self {
            Self::Axum(handler) => handler.needs_axum_router(),
            Self::Direct(..) => false,
        }
    }

    /// Whether one of its extractors wants to know who is connected.
    pub(crate) fn needs_connect_info(&self) -> bool {
        match self {
            Self::Axum(handler) => handler.needs_connect_info(),
            Self::Direct(..) => false,
        }
    }
}

impl fmt::Debug for RouteHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RouteHandler({})", self.name)
    }
}

/// A handler of any signature that axum accepts.
pub(crate) trait AxumHandler: Send + Sync {
    fn call(&self, request: Request, app: AppContext) -> HandlerFuture;
    fn method_router(&self, method: MethodFilter) -> MethodRouter<AppContext>;
    /// Whether one of its extractors works only inside axum's own router.
    fn needs_axum_router(&self) -> bool;
    /// Whether one of its extractors is axum's `ConnectInfo`.
    fn needs_connect_info(&self) -> bool;
}

struct Typed<H, T> {
    handler: H,
    extractors: PhantomData<fn() -> T>,
}

impl<H, T> AxumHandler for Typed<H, T>
where
    H: Handler<T, AppContext, Future = HandlerFuture>,
    T: 'static,
{
    fn call(&self, request: Request, app: AppContext) -> HandlerFuture {
        self.handler.clone().call(request, app)
    }

    fn method_router(&self, method: MethodFilter) -> MethodRouter<AppContext> {
        on(method, self.handler.clone())
    }

    fn needs_axum_router(&self) -> bool {
        // `T` is the tuple of extractors. These read what only axum's router puts into a request, under names that are
        // private to it, so that no other dispatcher can.
        let extractors = std::any::type_name::<T>();
        [
            "axum::extract::path::",
            "axum::extract::matched_path::",
            "axum::extract::nested_path::",
        ]
        .iter()
        .any(|module| extractors.contains(module))
    }

    fn needs_connect_info(&self) -> bool {
        std::any::type_name::<T>().contains("axum::extract::connect_info::")
    }
}

/// Takes the type off an `async fn` handler.
pub fn route_handler<H, T>(handler: H) -> RouteHandler
where
    H: Handler<T, AppContext, Future = HandlerFuture>,
    T: 'static,
{
    RouteHandler {
        kind: Kind::Axum(Arc::new(Typed {
            handler,
            extractors: PhantomData,
        })),
        name: std::any::type_name::<H>(),
    }
}
