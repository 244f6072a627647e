//! Input that is checked before the handler sees it.

use axum::extract::{FromRequest, FromRequestParts, Query, RawPathParams, Request};
use axum::{Form, Json};
use bytes::Bytes;
use garde::Validate;
use http::request::Parts;
use http::{HeaderMap, Method, Uri, header};
use rustboot_core::error::{Classified, FieldError, FieldPlace};
use rustboot_core::{Error, ErrorKind, Result};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Path, PathParameters};
use crate::pointer;

/// An extractor whose value passed its [garde](https://docs.rs/garde) rules: `Valid<Json<T>>`, `Valid<Form<T>>`,
/// `Valid<Query<T>>`, `Valid<Path<T>>`.
///
/// What does not is a 422 problem with one entry in `errors` for each broken rule: `pointer` has the JSON pointer to a field
/// of the body; a parameter of path or query has its name as `parameter`, and the pointer to it. So is a value of the wrong type, which a deserializer
/// can only report one at a time; in a path that is a 400, as without `Valid`.
///
/// Fields are named as in the request. garde knows the names of Rust's fields only; names that differ in case, `_` and `-`
/// (`#[serde(rename_all = "camelCase")]`) are found in what was sent, any other one is said to garde as well
/// (`#[garde(rename("…"))]`).
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
        checked(&value, || {
            // Only for the spelling of names, and only now that something is wrong.
            let document: Value = serde_json::from_slice(&body).unwrap_or_default();
            move |path: &str| FieldPlace::Pointer(pointer::from_rust_path(path, &document))
        })?;
        Ok(Self(Json(value)))
    }
}

impl<T, S> FromRequest<S> for Valid<Form<T>>
where
    T: DeserializeOwned + Validate<Context = ()>,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        // As axum's: the form of a GET is its query.
        if matches!(*request.method(), Method::GET | Method::HEAD) {
            return from_query(request.uri()).map(|value| Self(Form(value)));
        }
        let is_form = media_type(request.headers()).is_some_and(|media_type| {
            media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded")
        });
        if !is_form {
            return Err(Error::new(
                ErrorKind::UnsupportedMediaType,
                "expected a body with `Content-Type: application/x-www-form-urlencoded`",
            ));
        }
        let body = read_body(request, state).await?;
        let in_body = |name: &str| FieldPlace::Pointer(pointer::child("", name));
        from_pairs(&body, in_body).map(|value| Self(Form(value)))
    }
}

impl<T, S> FromRequestParts<S> for Valid<Query<T>>
where
    T: DeserializeOwned + Validate<Context = ()>,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self> {
        from_query(&parts.uri).map(|value| Self(Query(value)))
    }
}

fn from_query<T: DeserializeOwned + Validate<Context = ()>>(uri: &Uri) -> Result<T> {
    let query = uri.query().unwrap_or_default();
    from_pairs(query.as_bytes(), |name| {
        FieldPlace::Parameter(name.to_owned())
    })
}

impl<T, S> FromRequestParts<S> for Valid<Path<T>>
where
    T: DeserializeOwned + Validate<Context = ()> + Send,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let Path(value) = Path::<T>::from_request_parts(parts, state).await?;
        let broken = match value.validate() {
            Ok(()) => return Ok(Self(Path(value))),
            Err(broken) => broken,
        };
        let names = names(parts, state).await;
        Err(invalid(&broken, |path| {
            FieldPlace::Parameter(path_parameter(path, &names))
        }))
    }
}

/// The names of the parameters of the path, also in a router that was mounted.
pub(super) async fn names<S: Send + Sync>(parts: &mut Parts, state: &S) -> Vec<String> {
    if let Some(parameters) = parts.extensions.get::<PathParameters>() {
        return parameters.names().map(str::to_owned).collect();
    }
    match RawPathParams::from_request_parts(parts, state).await {
        Ok(parameters) => parameters.iter().map(|(name, _)| name.to_owned()).collect(),
        Err(_) => Vec::new(),
    }
}

/// A struct names its parameters, a tuple counts them, and a single value is the only one.
fn path_parameter(path: &str, names: &[String]) -> String {
    if let Some(name) = pointer::parameter(path, names) {
        return name.to_owned();
    }
    let index = path
        .trim_matches(['[', ']', '.'])
        .parse::<usize>()
        .unwrap_or_default();
    names.get(index).cloned().unwrap_or_default()
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

/// A query or a form: pairs of names and values, `place` of which is in the request.
fn from_pairs<T: DeserializeOwned + Validate<Context = ()>>(
    text: &[u8],
    place: impl Fn(&str) -> FieldPlace + Copy,
) -> Result<T> {
    let pairs = serde_urlencoded::Deserializer::new(form_urlencoded::parse(text));
    let value: T = serde_path_to_error::deserialize(pairs).map_err(|error| {
        let message = error.inner().to_string();
        let path = error.path().to_string();
        let (name, detail) = match pointer::missing_field(&message) {
            Some(field) => (field, "is required"),
            None => (path.trim_matches('.'), &*message),
        };
        if name.is_empty() {
            return Error::invalid(message.clone());
        }
        not_valid().with_fields([FieldError {
            place: place(name),
            detail: detail.to_owned(),
        }])
    })?;
    checked(&value, || {
        let given: Vec<String> = form_urlencoded::parse(text)
            .map(|(name, _)| name.into_owned())
            .collect();
        move |path: &str| place(pointer::parameter(path, &given).unwrap_or_default())
    })?;
    Ok(value)
}

/// Not JSON at all is a 400; JSON of another shape is a 422 that says where.
fn json_error(error: &serde_path_to_error::Error<serde_json::Error>) -> Error {
    let inner = error.inner();
    if !inner.is_data() {
        return Error::bad_request(format!("the body is not valid JSON: {inner}"));
    }
    let message = inner.to_string();
    let (pointer, detail) = pointer::field_message(
        pointer::from_path(&error.path().to_string()),
        pointer::without_position(&message),
    );
    not_valid().with_field(pointer, detail)
}

/// What there is to say beside the fields.
const NOT_VALID: &str = "the request is not valid; `errors` has what is wrong with each field";

fn not_valid() -> Error {
    Error::invalid(NOT_VALID)
}

/// Applies the rules. `places` is asked only when one is broken.
fn checked<T, P>(value: &T, places: impl FnOnce() -> P) -> Result<()>
where
    T: Validate<Context = ()>,
    P: Fn(&str) -> FieldPlace,
{
    value
        .validate()
        .map_err(|broken| invalid(&broken, places()))
}

/// Of how many fields an answer says what is wrong. The client chooses how many there are.
const MOST_FIELDS: usize = 100;

fn invalid(broken: &garde::Report, place: impl Fn(&str) -> FieldPlace) -> Error {
    let error = match broken.iter().count() {
        0..=MOST_FIELDS => not_valid(),
        count => Error::invalid(format!(
            "the request is not valid; `errors` has the first {MOST_FIELDS} of {count} fields"
        )),
    };
    error.with_fields(fields(broken, place))
}

fn fields(
    broken: &garde::Report,
    place: impl Fn(&str) -> FieldPlace,
) -> impl Iterator<Item = FieldError> {
    let broken = broken.iter().take(MOST_FIELDS);
    broken.map(move |(path, problem)| FieldError {
        place: place(&path.to_string()),
        detail: problem.to_string(),
    })
}

/// For `AppBuilder::classify`: rules that a handler has applied itself, and passed on with `?`. What was sent is not known here, so
/// fields have the names of the code.
pub(crate) fn classify(error: &Error) -> Option<Classified> {
    let broken = error.find::<garde::Report>()?;
    let place = |path: &str| FieldPlace::Pointer(pointer::from_rust_path(path, &Value::Null));
    Some(Classified::new(ErrorKind::Invalid, NOT_VALID).with_fields(fields(broken, place)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_of_the_path_names_the_parameter() {
        let names = ["shop".to_owned(), "itemId".to_owned()];
        for (path, name) in [
            ("shop", "shop"),
            ("item_id", "itemId"),
            ("[1]", "itemId"),
            ("", "shop"),
        ] {
            assert_eq!(path_parameter(path, &names), name, "{path}");
        }
    }
}
