//! How what a handler returns becomes a response.
//!
//! The pipeline adds headers to every response, and for most handlers their type says which ones will be there in the end: those
//! and a `content-type`. Such a response begins as a copy of a map that was made once ([`prepared`]), which costs a third of
//! putting the headers into a new map one after the other. The route macros find out from the type ([`Returns`]); any other
//! answer goes the way of axum's `IntoResponse`.
//!
//! A type means the same either way.

use std::borrow::Cow;
use std::marker::PhantomData;

use axum::Json;
use axum::body::Body;
use axum::response::{Html, IntoResponse, Response};
use http::HeaderMap;
use serde::Serialize;

use crate::pipeline::prepared;

/// Makes the response.
pub trait Convert<O>: Send + Sync + 'static {
    /// `for_pipeline` when nobody but the pipeline gets to see it.
    fn response(answer: O, for_pipeline: bool) -> Response;
}

/// By `IntoResponse`.
#[derive(Debug)]
pub struct AsAxumDoes;

impl<O: IntoResponse> Convert<O> for AsAxumDoes {
    #[inline]
    fn response(answer: O, _: bool) -> Response {
        answer.into_response()
    }
}

/// With the headers that its type stands for.
#[derive(Debug)]
pub struct ByType;

impl<O: OfKnownType> Convert<O> for ByType {
    #[inline]
    fn response(answer: O, for_pipeline: bool) -> Response {
        match for_pipeline {
            true => answer.prepared(),
            false => answer.into_response(),
        }
    }
}

/// An answer whose type says its headers.
pub trait OfKnownType: IntoResponse {
    /// As `into_response`, and with the headers of the pipeline.
    fn prepared(self) -> Response;
}

fn ok(headers: &HeaderMap, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    let empty = std::mem::replace(response.headers_mut(), headers.clone());
    // It owns nothing, and finding that out takes its destructor sixty instructions.
    std::mem::forget(empty);
    response
}

impl OfKnownType for &'static str {
    #[inline]
    fn prepared(self) -> Response {
        ok(&prepared::TEXT, self)
    }
}

impl OfKnownType for String {
    #[inline]
    fn prepared(self) -> Response {
        ok(&prepared::TEXT, self)
    }
}

impl OfKnownType for Cow<'static, str> {
    #[inline]
    fn prepared(self) -> Response {
        ok(&prepared::TEXT, self)
    }
}

impl OfKnownType for Html<&'static str> {
    #[inline]
    fn prepared(self) -> Response {
        ok(&prepared::HTML, self.0)
    }
}

impl OfKnownType for Html<String> {
    #[inline]
    fn prepared(self) -> Response {
        ok(&prepared::HTML, self.0)
    }
}

impl<T: Serialize> OfKnownType for Json<T> {
    #[inline]
    fn prepared(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => ok(&prepared::JSON, body),
            // Which makes the answer of it.
            Err(_) => self.into_response(),
        }
    }
}

impl<T: OfKnownType, E: IntoResponse> OfKnownType for Result<T, E> {
    #[inline]
    fn prepared(self) -> Response {
        match self {
            Ok(answer) => answer.prepared(),
            Err(error) => error.into_response(),
        }
    }
}

/// The type that a handler returns. By it the compiler finds `by`: the method of this type when the type says the headers,
/// that of [`ReturnsOther`] when not.
#[derive(Debug)]
pub struct Returns<O>(PhantomData<fn() -> O>);

impl<O> Returns<O> {
    /// The only one.
    pub const NEW: Self = Self(PhantomData);
}

impl<O: OfKnownType> Returns<O> {
    /// Who makes the response.
    pub fn by(&self) -> ByType {
        ByType
    }
}

/// See [`Returns`].
pub trait ReturnsOther {
    /// Who makes the response.
    fn by(&self) -> AsAxumDoes {
        AsAxumDoes
    }
}

impl<O> ReturnsOther for &Returns<O> {}
