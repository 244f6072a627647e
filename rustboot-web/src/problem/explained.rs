//! Which responses are errors, and what they mean.

use std::borrow::Cow;
use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use futures_util::FutureExt as _;
use http::{StatusCode, header};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use rustboot_core::error::{ErrorCarrier, FieldError};
use rustboot_core::{AppContext, Error};
use serde_json::{Map, Value};

use super::rejection;

/// A plain-text error body is read as the detail up to so many bytes. A deserializer quotes what the client sent, and that may
/// be long.
const LONGEST_DETAIL: usize = 4096;

/// What there is to say about an error once its status has been decided.
#[derive(Debug, Clone, Default)]
pub(crate) struct Explained {
    pub(crate) status: StatusCode,
    pub(crate) type_uri: Option<Cow<'static, str>>,
    pub(crate) title: Option<Cow<'static, str>>,
    pub(crate) detail: Option<Cow<'static, str>>,
    pub(crate) fields: Vec<FieldError>,
    pub(crate) members: Map<String, Value>,
    pub(crate) error: Option<Arc<Error>>,
    /// Whether the pipeline says no, and no handler.
    pub(crate) is_of_pipeline: bool,
}

impl Explained {
    /// An error of the pipeline about which the status says everything.
    pub(crate) fn of_pipeline(status: StatusCode) -> Self {
        Self {
            status,
            is_of_pipeline: true,
            ..Self::default()
        }
    }

    /// An answer from inside of the mounted routers, of which the pipeline makes the problem.
    pub(crate) fn into_unrendered(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }

    /// With a sentence for the client.
    pub(crate) fn with_detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}

/// Says what an error response means, and logs what only we may know. `None` when the response is to be left alone: it is
/// no error, or the handler chose the body of its error itself.
pub(crate) fn explain_response(
    response: &mut Response,
    app: &AppContext,
) -> Option<Box<Explained>> {
    if response.status().as_u16() < 400 {
        return None;
    }
    explain_error_response(response, app).map(Box::new)
}

#[cold]
fn explain_error_response(response: &mut Response, app: &AppContext) -> Option<Explained> {
    // A layer of the pipeline inside of a mounted router has decided.
    if let Some(explained) = response.extensions_mut().remove::<Explained>() {
        return Some(explained);
    }
    if let Some(carrier) = response.extensions_mut().remove::<ErrorCarrier>() {
        return Some(explain_error(carrier.0, app));
    }
    let (status, text) = (response.status(), plain_text(response)?);
    #[cfg(feature = "multipart")]
    let (status, text) = crate::extract::multipart::corrected(status, text);
    if status.is_server_error() {
        if !text.is_empty() {
            tracing::error!(target: "rustboot::web", status = status.as_u16(), error = %text, "request failed");
        }
        return Some(Explained {
            status,
            ..Explained::default()
        });
    }
    let (detail, fields) = rejection::read(text);
    Some(Explained {
        status,
        detail: (!detail.is_empty()).then_some(Cow::Owned(detail)),
        fields,
        ..Explained::default()
    })
}

fn explain_error(error: Arc<Error>, app: &AppContext) -> Explained {
    let (status, detail, fields) = match app.classify(&error) {
        Some(it) => (it.kind.status(), it.detail, it.fields),
        None => (
            error.status(),
            Cow::Owned(error.detail().to_owned()),
            error.fields().to_vec(),
        ),
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let shown = error.presentation();
    let public = shown.and_then(|shown| shown.detail().cloned());
    let mut explained = Explained {
        status,
        type_uri: shown.and_then(|shown| shown.type_uri().cloned()),
        title: shown.and_then(|shown| shown.title().cloned()),
        members: shown.map_or_else(Map::new, |shown| shown.members().clone()),
        ..Explained::default()
    };
    if status.is_server_error() {
        tracing::error!(target: "rustboot::web", status = status.as_u16(), error = %error, "request failed");
        explained.detail = public;
    } else {
        tracing::debug!(target: "rustboot::web", status = status.as_u16(), error = %error, "request refused");
        explained.detail = public.or_else(|| (!detail.is_empty()).then_some(detail));
        explained.fields = fields;
    }
    explained.error = Some(error);
    explained
}

/// The text of a body that is plain text or nothing, as rejections and axum's own answers are. `None` for any other body.
fn plain_text(response: &mut Response) -> Option<String> {
    let is_plain = match response.headers().get(header::CONTENT_TYPE) {
        None => response.body().size_hint().exact() == Some(0),
        Some(value) => value.as_bytes().starts_with(b"text/plain"),
    };
    is_plain.then(|| beginning(std::mem::take(response.body_mut())))
}

/// What is there of a body at once, as far as it is read. One that is streamed is not waited for.
fn beginning(mut body: Body) -> String {
    let mut read = Vec::new();
    while read.len() <= LONGEST_DETAIL {
        let Some(Some(Ok(frame))) = body.frame().now_or_never() else {
            break;
        };
        if let Some(data) = frame.data_ref() {
            let wanted = LONGEST_DETAIL + 1 - read.len();
            read.extend_from_slice(&data[..data.len().min(wanted)]);
        }
    }
    let is_cut = read.len() > LONGEST_DETAIL;
    if is_cut {
        // Not within a character.
        let last = read.iter().rposition(|byte| byte & 0xC0 != 0x80);
        read.truncate(last.unwrap_or_default());
    }
    let text = String::from_utf8_lossy(&read);
    match is_cut {
        true => format!("{} …", text.trim()),
        false => text.trim().to_owned(),
    }
}
