//! What handlers answer.

use axum::Json;
use axum::response::{AppendHeaders, Html, NoContent, Redirect};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::json;

use super::{Operation, SchemaOf};
use crate::reply::{Location, Status};
use crate::stream::sse::Sse;

/// An answer that says what it is. Those of axum and ours do; write it for one of your own. One that does not say
/// (`Response`, `impl IntoResponse`) is any answer in the document.
pub trait OperationOutput {
    /// What is in the body; `()` for nothing.
    type Content;

    /// Adds to the operation. `schema` is that of the content, when it has one.
    fn describe(operation: &mut Operation<'_>, schema: SchemaOf);
}

impl<T> OperationOutput for Json<T> {
    type Content = T;
    fn describe(operation: &mut Operation<'_>, schema: SchemaOf) {
        operation.answers(StatusCode::OK, "application/json", schema);
    }
}

impl<T> OperationOutput for Html<T> {
    type Content = String;
    fn describe(operation: &mut Operation<'_>, schema: SchemaOf) {
        operation.answers(StatusCode::OK, "text/html", schema);
    }
}

impl OperationOutput for () {
    type Content = ();
    fn describe(operation: &mut Operation<'_>, _schema: SchemaOf) {
        operation.answers_nothing(StatusCode::OK);
    }
}

impl OperationOutput for NoContent {
    type Content = ();
    fn describe(operation: &mut Operation<'_>, _schema: SchemaOf) {
        operation.answers_nothing(StatusCode::NO_CONTENT);
    }
}

impl OperationOutput for StatusCode {
    type Content = ();
    fn describe(operation: &mut Operation<'_>, _schema: SchemaOf) {
        operation.answers_anything();
    }
}

impl OperationOutput for Redirect {
    type Content = ();
    fn describe(operation: &mut Operation<'_>, _schema: SchemaOf) {
        operation.answers_nothing(StatusCode::SEE_OTHER);
        operation.answers_nothing(StatusCode::TEMPORARY_REDIRECT);
        operation.answers_nothing(StatusCode::PERMANENT_REDIRECT);
    }
}

impl<S> OperationOutput for Sse<S> {
    type Content = ();
    fn describe(operation: &mut Operation<'_>, _schema: SchemaOf) {
        operation.answers(StatusCode::OK, "text/event-stream", None);
        operation.refuses("503", "Too many event streams are open");
    }
}

macro_rules! bodies {
    ($($type:ty, $content:ty, $media_type:literal;)*) => {
        $(impl OperationOutput for $type {
            type Content = $content;
            fn describe(operation: &mut Operation<'_>, schema: SchemaOf) {
                operation.answers(StatusCode::OK, $media_type, schema);
            }
        })*
    };
}

bodies! {
    String, String, "text/plain";
    &'static str, String, "text/plain";
}

/// What they hold, no schema of JSON describes.
macro_rules! binaries {
    ($($type:ty),*) => {
        $(impl OperationOutput for $type {
            type Content = ();
            fn describe(operation: &mut Operation<'_>, _schema: SchemaOf) {
                operation.answers(StatusCode::OK, "application/octet-stream", None);
            }
        })*
    };
}

binaries!(Bytes, Vec<u8>);

impl<const CODE: u16, T: OperationOutput> OperationOutput for Status<CODE, T> {
    type Content = T::Content;
    fn describe(operation: &mut Operation<'_>, schema: SchemaOf) {
        T::describe(operation, schema);
        operation.answers_with(Self::CODE);
    }
}

fn sends_location(operation: &mut Operation<'_>) {
    let schema = json!({"type": "string", "format": "uri-reference"});
    operation.sends_header("Location", "Where it is.", schema);
}

impl OperationOutput for Location {
    type Content = ();
    fn describe(operation: &mut Operation<'_>, schema: SchemaOf) {
        <()>::describe(operation, schema);
        sends_location(operation);
    }
}

impl<T: OperationOutput> OperationOutput for (Location, T) {
    type Content = T::Content;
    fn describe(operation: &mut Operation<'_>, schema: SchemaOf) {
        T::describe(operation, schema);
        sends_location(operation);
    }
}

impl<T: OperationOutput> OperationOutput for (StatusCode, T) {
    type Content = T::Content;
    fn describe(operation: &mut Operation<'_>, schema: SchemaOf) {
        T::describe(operation, schema);
        operation.answers_any_success();
    }
}

/// Headers beside what it answers, which are not described.
macro_rules! with_headers {
    ($([$($parameter:tt)*] $headers:ty;)*) => {
        $(impl<$($parameter)* T: OperationOutput> OperationOutput for ($headers, T) {
            type Content = T::Content;
            fn describe(operation: &mut Operation<'_>, schema: SchemaOf) {
                T::describe(operation, schema);
            }
        })*
    };
}

with_headers! {
    [K, V, const N: usize,] [(K, V); N];
    [I,] AppendHeaders<I>;
    [] HeaderMap;
}

impl<H, T: OperationOutput> OperationOutput for (StatusCode, H, T) {
    type Content = T::Content;
    fn describe(operation: &mut Operation<'_>, schema: SchemaOf) {
        T::describe(operation, schema);
        operation.answers_any_success();
    }
}
