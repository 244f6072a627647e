//! What the wiring provides, as axum extractors. The orphan rule wants these impls where the types are.
//!
//! In a handler that rustboot-web dispatches itself, the state is the [`AppContext`]. In an axum router that the user
//! mounts, the state is whatever the user chose, and the pipeline has put the context into the request's extensions.

use std::any::Any;

use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;

use crate::app::AppContext;
use crate::component::{Inject, Injectable, Injected};
use crate::config::{Config, Properties};
use crate::error::{Error, ErrorKind, Result};
use crate::lifecycle::Shutdown;

/// The application that a request belongs to.
///
/// # Errors
/// When the request did not come through the pipeline: in a router that is served by other means.
pub fn app_context<'a, S: 'static>(parts: &'a Parts, state: &'a S) -> Result<&'a AppContext> {
    (state as &dyn Any)
        .downcast_ref::<AppContext>()
        .or_else(|| parts.extensions.get::<AppContext>())
        .ok_or_else(|| {
            Error::new(
                ErrorKind::Configuration,
                "the request did not come through Rustboot's pipeline: mount the router with `AppBuilder::router`",
            )
        })
}

/// Anything injectable, for the `FromRequestParts` of types in other crates.
///
/// # Errors
/// When there is no application, or it has no such component.
pub fn injected<T: Injectable, S: 'static>(parts: &Parts, state: &S) -> Result<T> {
    T::inject(&app_context(parts, state)?.resolver())
}

impl<T, S> FromRequestParts<S> for Inject<T>
where
    T: ?Sized + Send + Sync + 'static,
    S: Send + Sync + 'static,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        injected(parts, state)
    }
}

impl<T, S> OptionalFromRequestParts<S> for Inject<T>
where
    T: ?Sized + Send + Sync + 'static,
    S: Send + Sync + 'static,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>> {
        injected(parts, state)
    }
}

impl<V: Injectable, S: Send + Sync + 'static> FromRequestParts<S> for Injected<V> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        injected(parts, state)
    }
}

impl<T: Properties, S: Send + Sync + 'static> FromRequestParts<S> for Config<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        injected(parts, state)
    }
}

impl<S: Send + Sync + 'static> FromRequestParts<S> for Shutdown {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        injected(parts, state)
    }
}

impl<S: Send + Sync + 'static> FromRequestParts<S> for AppContext {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        app_context(parts, state).cloned()
    }
}
