//! Forms with files.

use rustboot::axum::Router;
use rustboot::axum::extract::multipart::{Multipart as AxumMultipart, MultipartError};
use rustboot::axum::routing::post;
use rustboot::prelude::*;

/// What was in the form: `name:file name:media type:bytes` for each field.
#[post("/uploads", body_limit = "1MiB")]
async fn upload(mut form: Multipart) -> Result<String> {
    let mut told = Vec::new();
    while let Some(mut field) = form.next_field().await? {
        let [name, file, kind] = [field.name(), field.file_name(), field.content_type()]
            .map(|word| word.unwrap_or("-").to_owned());
        let mut bytes = 0;
        while let Some(piece) = field.chunk().await? {
            bytes += piece.len();
        }
        told.push(format!("{name}:{file}:{kind}:{bytes}"));
    }
    Ok(told.join(" "))
}

/// A text, and a file that nobody reads.
#[post("/uploads/text")]
async fn text(form: Option<Multipart>) -> Result<String> {
    let Some(mut form) = form else {
        return Ok("no form".to_owned());
    };
    match form.next_field().await? {
        Some(field) => field.text().await,
        None => Ok("no text".to_owned()),
    }
}

/// With axum's own extractor, whose error becomes one of ours.
#[post("/uploads/axum", body_limit = "1MiB")]
async fn by_axum(mut form: AxumMultipart) -> Result<String> {
    let mut bytes = 0;
    while let Some(field) = form.next_field().await? {
        bytes += field.bytes().await?.len();
    }
    Ok(bytes.to_string())
}

/// And with one that answers axum's error as it is.
#[post("/uploads/plain", body_limit = "1MiB")]
async fn as_axum_does(mut form: AxumMultipart) -> Result<String, MultipartError> {
    let mut bytes = 0;
    while let Some(field) = form.next_field().await? {
        bytes += field.bytes().await?.len();
    }
    Ok(bytes.to_string())
}

/// In a router that was mounted.
pub(crate) fn router() -> Router {
    Router::new().route("/mounted/uploads", post(upload))
}
