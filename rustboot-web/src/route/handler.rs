//! A handler without its type.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use axum::extract::Request;
use axum::handler::Handler;
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter, on};
use rustboot_core::AppContext;

/// What axum makes of an `async fn`: already boxed, so it is not boxed again.
pub(crate) type HandlerFuture = Pin<Box<dyn Future<Output = Response> + Send>>;

/// A handler of any signature that axum accepts.
#[derive(Clone)]
pub struct RouteHandler(Arc<dyn ErasedHandler>);

impl fmt::Debug for RouteHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RouteHandler")
    }
}

trait ErasedHandler: Send + Sync {
    fn call(&self, request: Request, app: AppContext) -> HandlerFuture;
    fn method_router(&self, method: MethodFilter) -> MethodRouter<AppContext>;
    fn needs_axum_router(&self) -> bool;
    fn name(&self) -> &'static str;
}

struct Typed<H, T> {
    handler: H,
    extractors: PhantomData<fn() -> T>,
}

impl<H, T> ErasedHandler for Typed<H, T>
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

    fn name(&self) -> &'static str {
        std::any::type_name::<H>()
    }
}

/// Takes the type off an `async fn` handler.
pub fn route_handler<H, T>(handler: H) -> RouteHandler
where
    H: Handler<T, AppContext, Future = HandlerFuture>,
    T: 'static,
{
    RouteHandler(Arc::new(Typed {
        handler,
        extractors: PhantomData,
    }))
}

impl RouteHandler {
    pub(crate) fn call(&self, request: Request, app: AppContext) -> HandlerFuture {
        self.0.call(request, app)
    }

    pub(crate) fn method_router(&self, method: MethodFilter) -> MethodRouter<AppContext> {
        self.0.method_router(method)
    }

    /// What the compiler calls it.
    pub(crate) fn name(&self) -> &'static str {
        self.0.name()
    }

    /// Whether one of its extractors works only inside axum's own router.
    pub(crate) fn needs_axum_router(&self) -> bool {
        self.0.needs_axum_router()
    }
}
