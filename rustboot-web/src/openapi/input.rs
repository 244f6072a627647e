//! What extractors read from a request.

use axum::extract::{Path as AxumPath, Query, RawForm};
use axum::{Form, Json};
use bytes::Bytes;
use http::Method;
#[cfg(feature = "ws")]
use http::StatusCode;

use super::{Operation, SchemaOf};
use crate::extract::{Path, Valid};

/// An extractor that says what it reads. Those of axum and ours do; write it for one of your own. One that does not say
/// contributes nothing to the document.
pub trait OperationInput {
    /// What the value is that is read; `()` for none.
    type Content;

    /// Adds to the operation. `schema` is that of the content, when it has one.
    fn describe(operation: &mut Operation<'_>, schema: SchemaOf);
}

impl<T> OperationInput for Json<T> {
    type Content = T;
    fn describe(operation: &mut Operation<'_>, schema: SchemaOf) {
        operation.takes_body("application/json", schema);
        operation.refuses("400", "The body is not JSON");
        operation.refuses("415", "The body is not of the type `application/json`");
        operation.refuses("422", "The body is not valid");
    }
}

const FORM: &str = "application/x-www-form-urlencoded";

impl<T> OperationInput for Form<T> {
    type Content = T;
    fn describe(operation: &mut Operation<'_>, schema: SchemaOf) {
        // axum reads the form of a GET from its query.
        if matches!(*operation.method(), Method::GET | Method::HEAD) {
            return Query::<T>::describe(operation, schema);
        }
        operation.takes_form(schema);
        operation.refuses("400", "The body cannot be read");
        operation.refuses("415", "The body is not a form");
        operation.refuses("422", "The body is not valid");
    }
}

impl<T> OperationInput for Query<T> {
    type Content = T;
    fn describe(operation: &mut Operation<'_>, schema: SchemaOf) {
        operation.takes_query(schema);
        operation.refuses("400", "A parameter does not fit its type");
    }
}

impl<T> OperationInput for Path<T> {
    type Content = T;
    fn describe(operation: &mut Operation<'_>, schema: SchemaOf) {
        operation.takes_path(schema);
    }
}

impl<T> OperationInput for AxumPath<T> {
    type Content = T;
    fn describe(operation: &mut Operation<'_>, schema: SchemaOf) {
        operation.takes_path(schema);
    }
}

impl<E: OperationInput> OperationInput for Valid<E> {
    type Content = E::Content;
    fn describe(operation: &mut Operation<'_>, schema: SchemaOf) {
        E::describe(operation, schema);
        operation.refuses("422", "A value is not valid");
    }
}

impl<E: OperationInput> OperationInput for Option<E> {
    type Content = E::Content;
    fn describe(operation: &mut Operation<'_>, schema: SchemaOf) {
        E::describe(operation, schema);
        operation.body_is_optional();
    }
}

impl OperationInput for String {
    type Content = String;
    fn describe(operation: &mut Operation<'_>, schema: SchemaOf) {
        operation.takes_body("text/plain", schema);
        operation.body_is_optional();
        operation.refuses("400", "The body is not UTF-8");
    }
}

impl OperationInput for Bytes {
    type Content = ();
    fn describe(operation: &mut Operation<'_>, _schema: SchemaOf) {
        operation.takes_body("application/octet-stream", None);
        operation.body_is_optional();
        operation.refuses("400", "The body cannot be read");
    }
}

/// What [`WebSocketUpgrade`](crate::WebSocketUpgrade) and axum's refuse with, and what they become.
#[cfg(feature = "ws")]
fn upgrades(operation: &mut Operation<'_>) {
    operation.answers_nothing(StatusCode::SWITCHING_PROTOCOLS);
    operation.refuses("400", "The request is not the handshake of a WebSocket");
    operation.refuses("426", "The connection cannot be upgraded");
}

#[cfg(feature = "ws")]
impl OperationInput for crate::WebSocketUpgrade {
    type Content = ();
    fn describe(operation: &mut Operation<'_>, _schema: SchemaOf) {
        upgrades(operation);
        operation.refuses("403", "Pages of this origin may not open a WebSocket");
    }
}

#[cfg(feature = "ws")]
impl OperationInput for axum::extract::WebSocketUpgrade {
    type Content = ();
    fn describe(operation: &mut Operation<'_>, _schema: SchemaOf) {
        upgrades(operation);
    }
}

/// The fields that a handler takes one by one: nobody knows their names before.
#[cfg(feature = "multipart")]
fn takes_form(operation: &mut Operation<'_>) {
    let any_fields = |_: &mut _| schemars::json_schema!({"type": "object"});
    operation.takes_body("multipart/form-data", Some(any_fields));
}

#[cfg(feature = "multipart")]
impl OperationInput for crate::extract::Multipart {
    type Content = ();
    fn describe(operation: &mut Operation<'_>, _schema: SchemaOf) {
        takes_form(operation);
        operation.refuses("400", "The form is malformed, or not complete");
        operation.refuses("415", "The body is not of the type `multipart/form-data`");
    }
}

#[cfg(feature = "multipart")]
impl OperationInput for axum::extract::Multipart {
    type Content = ();
    fn describe(operation: &mut Operation<'_>, _schema: SchemaOf) {
        takes_form(operation);
        operation.refuses(
            "400",
            "The body is not a form, or malformed, or not complete",
        );
    }
}

impl OperationInput for RawForm {
    type Content = ();
    fn describe(operation: &mut Operation<'_>, _schema: SchemaOf) {
        operation.takes_body(FORM, None);
        operation.refuses("400", "The body cannot be read");
        operation.refuses("415", "The body is not a form");
    }
}
