//! Input that is checked before the handler sees it.

use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::{Form, Json};
use bytes::Bytes;
use garde::Validate;
use http::request::Parts;
use http::{HeaderMap, header};
use rustboot_core::{Error, ErrorKind, Result};
use serde::de::DeserializeOwned;

use super::Path;

/// An extractor whose value passed its [garde](https://docs.rs/garde) rules: `Valid<Json<T>>`, `Valid<Form<T>>`,
/// `Valid<Query<T>>`, `Valid<Path<T>>`.
///
/// What does not is a 422 problem with one entry in `errors` for each field. So is a value of the wrong type, which a
/// deserializer can only report one at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Valid<E>(pub E);

impl<T, S> FromRequest<S> for Valid<Json<T>>
where
    T: DeserializeOwned + Validate<Context = ()>,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        if !is_json(request.headers()) {
            return Err(Error::new(
                ErrorKind::UnsupportedMediaType,
                "expected a body with `Content-Type: application/json`",
            ));
        }
        let body = read_body(request, state).await?;
        let mut json = serde_json::Deserializer::from_slice(&body);
        let value: T =
            serde_path_to_error::deserialize(&mut json).map_err(|error| json_error(&error))?;
        json.end()
            .map_err(|error| Error::bad_request(format!("the body is not valid JSON: {error}")))?;
        checked(value).map(|value| Self(Json(value)))
    }
}

impl<T, S> FromRequest<S> for Valid<Form<T>>
where
    T: DeserializeOwned + Validate<Context = ()>,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        let is_form = media_type(request.headers()) == Some("application/x-www-form-urlencoded");
        if !is_form {
            return Err(Error::new(
                ErrorKind::UnsupportedMediaType,
                "expected a body with `Content-Type: application/x-www-form-urlencoded`",
            ));
        }
        let body = read_body(request, state).await?;
        checked(from_pairs(&body)?).map(|value| Self(Form(value)))
    }
}

impl<T, S> FromRequestParts<S> for Valid<Query<T>>
where
    T: DeserializeOwned + Validate<Context = ()>,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self> {
        let query = parts.uri.query().unwrap_or_default();
        checked(from_pairs(query.as_bytes())?).map(|value| Self(Query(value)))
    }
}

impl<T, S> FromRequestParts<S> for Valid<Path<T>>
where
    T: DeserializeOwned + Validate<Context = ()> + Send,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let Path(value) = Path::from_request_parts(parts, state).await?;
        checked(value).map(|value| Self(Path(value)))
    }
}

async fn read_body<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes> {
    Bytes::from_request(request, state)
        .await
        .map_err(|rejection| {
            let kind = match rejection.status().as_u16() {
                413 => ErrorKind::TooLarge,
                _ => ErrorKind::BadRequest,
            };
            Error::new(kind, rejection.body_text())
        })
}

fn media_type(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    value.split(';').next().map(str::trim)
}

fn is_json(headers: &HeaderMap) -> bool {
    media_type(headers).is_some_and(|media_type| {
        let media_type = media_type.to_ascii_lowercase();
        media_type == "application/json"
            || (media_type.starts_with("application/") && media_type.ends_with("+json"))
    })
}

fn from_pairs<T: DeserializeOwned>(text: &[u8]) -> Result<T> {
    let pairs = serde_urlencoded::Deserializer::new(form_urlencoded::parse(text));
    serde_path_to_error::deserialize(pairs).map_err(|error| {
        let pointer = pointer(error.path());
        let (pointer, detail) = missing_field(&pointer, &error.inner().to_string());
        not_valid().with_field(pointer, detail)
    })
}

/// Not JSON at all is a 400; JSON of another shape is a 422 that says where.
fn json_error(error: &serde_path_to_error::Error<serde_json::Error>) -> Error {
    let inner = error.inner();
    if !inner.is_data() {
        return Error::bad_request(format!("the body is not valid JSON: {inner}"));
    }
    let text = inner.to_string();
    // " at line 1 column 5" helps nobody who did not write the JSON by hand.
    let text = text
        .rsplit_once(" at line ")
        .map_or(text.as_str(), |(text, _)| text);
    let (pointer, detail) = missing_field(&pointer(error.path()), text);
    not_valid().with_field(pointer, detail)
}

/// serde reports a missing field at the object around it; a form wants to know the field.
fn missing_field(pointer: &str, text: &str) -> (String, String) {
    match text
        .strip_prefix("missing field `")
        .and_then(|rest| rest.strip_suffix('`'))
    {
        Some(field) => (
            format!("{pointer}/{}", escape(field)),
            "is required".to_owned(),
        ),
        None => (pointer.to_owned(), text.to_owned()),
    }
}

fn not_valid() -> Error {
    Error::invalid("the request is not valid; `errors` has what is wrong with each field")
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(format!("/{index}")),
            Segment::Map { key } => Some(format!("/{}", escape(key))),
            Segment::Enum { variant } => Some(format!("/{}", escape(variant))),
            Segment::Unknown => None,
        })
        .collect()
}

/// RFC 6901, section 3.
fn escape(segment: &str) -> String {
    segment.replace('~', "~0").replace('/', "~1")
}

fn checked<T: Validate<Context = ()>>(value: T) -> Result<T> {
    match value.validate() {
        Ok(()) => Ok(value),
        Err(report) => Err(report.iter().fold(not_valid(), |error, (path, problem)| {
            error.with_field(rule_pointer(&path.to_string()), problem.to_string())
        })),
    }
}

/// garde writes `items[0].name`.
fn rule_pointer(path: &str) -> String {
    path.split(['.', '['])
        .map(|segment| segment.trim_end_matches(']'))
        .filter(|segment| !segment.is_empty())
        .map(|segment| format!("/{}", escape(segment)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn garde_paths_are_json_pointers() {
        for (path, pointer) in [
            ("", ""),
            ("name", "/name"),
            ("items[0].name", "/items/0/name"),
            ("a/b", "/a~1b"),
        ] {
            assert_eq!(rule_pointer(path), pointer);
        }
    }
}
