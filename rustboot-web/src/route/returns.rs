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
use axum::response::{Html, IntoResponse};
use serde::Serialize;

use crate::pipeline::prepared::{self, Answered};

/// Makes the response.
pub trait Convert<O>: Send + Sync + 'static {
    /// `for_pipeline` when nobody but the pipeline gets to see it.
    fn response(answer: O, for_pipeline: bool) -> Answered;
}

/// By `IntoResponse`.
#[derive(Debug)]
pub struct AsAxumDoes;

impl<O: IntoResponse> Convert<O> for AsAxumDoes {
    #[inline]
    fn response(answer: O, _: bool) -> Answered {
        Answered::Response(answer.into_response())
    }
}

/// With the headers that its type stands for.
#[derive(Debug)]
pub struct ByType;

impl<O: OfKnownType> Convert<O> for ByType {
    #[inline]
    fn response(answer: O, for_pipeline: bool) -> Answered {
        match for_pipeline {
            true => answer.prepared(),
            false => Answered::Response(answer.into_response()),
        }
    }
}

/// An answer whose type says its headers.
pub trait OfKnownType: IntoResponse {
    /// As `into_response`, and with the headers of the pipeline.
    fn prepared(self) -> Answered;
}

impl OfKnownType for &'static str {
    #[inline]
    fn prepared(self) -> Answered {
        Answered::Prepared(&prepared::TEXT, self.into())
    }
}

impl OfKnownType for String {
    #[inline]
    fn prepared(self) -> Answered {
        Answered::Prepared(&prepared::TEXT, self.into())
    }
}

impl OfKnownType for Cow<'static, str> {
    #[inline]
    fn prepared(self) -> Answered {
        match self {
            Cow::Borrowed(text) => text.prepared(),
            Cow::Owned(text) => text.prepared(),
        }
    }
}

impl OfKnownType for Html<&'static str> {
    #[inline]
    fn prepared(self) -> Answered {
        Answered::Prepared(&prepared::HTML, self.0.into())
    }
}

impl OfKnownType for Html<String> {
    #[inline]
    fn prepared(self) -> Answered {
        Answered::Prepared(&prepared::HTML, self.0.into())
    }
}

impl<T: Serialize> OfKnownType for Json<T> {
    #[inline]
    fn prepared(self) -> Answered {
        match serde_json::to_vec(&self.0) {
            Ok(body) => Answered::Prepared(&prepared::JSON, body.into()),
            // Which makes the answer of it.
            Err(_) => Answered::Response(self.into_response()),
        }
    }
}

impl<T: OfKnownType, E: IntoResponse> OfKnownType for Result<T, E> {
    #[inline]
    fn prepared(self) -> Answered {
        match self {
            Ok(answer) => answer.prepared(),
            Err(error) => Answered::Response(error.into_response()),
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
