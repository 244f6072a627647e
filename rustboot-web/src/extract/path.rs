//! Parameters of the path.

use axum::extract::FromRequestParts;
use axum::extract::path::ErrorKind as Reason;
use axum::extract::rejection::PathRejection;
use http::request::Parts;
use rustboot_core::{Error, ErrorKind};
use serde::de::DeserializeOwned;

use super::params::PathParameters;
use super::valid::names;

/// The parameters of the path, as in axum: one value, a tuple in the order of the template, or a struct by name.
///
/// Works in attribute handlers and in axum routers that are mounted. A parameter that does not fit its type is a 400 that
/// names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Path<T>(pub T);

impl<T, S> FromRequestParts<S> for Path<T>
where
    T: DeserializeOwned + Send,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        if let Some(parameters) = parts.extensions.get::<PathParameters>() {
            return PathParameters::deserialize(Some(parameters)).map(Self);
        }
        match axum::extract::Path::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(rejection) if rejection.status().is_client_error() => {
                let error = Error::bad_request(rejection.body_text());
                let names = names(parts, state).await;
                Err(match refused(&rejection, &names) {
                    Some((name, detail)) => error.with_parameter(name, detail),
                    None => error,
                })
            }
            Err(rejection) => Err(Error::new(ErrorKind::Internal, rejection.body_text())),
        }
    }
}

/// Which parameter axum did not take, and why.
fn refused<'a>(rejection: &'a PathRejection, names: &'a [String]) -> Option<(&'a str, String)> {
    let PathRejection::FailedToDeserializePathParams(failed) = rejection else {
        return None;
    };
    let only = || names.first().filter(|_| names.len() == 1);
    let (name, expected_type) = match failed.kind() {
        Reason::ParseErrorAtKey {
            key, expected_type, ..
        } => (&**key, expected_type),
        Reason::ParseErrorAtIndex {
            index,
            expected_type,
            ..
        } => (&**names.get(*index)?, expected_type),
        Reason::ParseError { expected_type, .. } => (&**only()?, expected_type),
        Reason::InvalidUtf8InPathParam { key } => {
            return Some((key, "is not valid UTF-8".to_owned()));
        }
        _ => return Some((only()?, "is not valid".to_owned())),
    };
    Some((name, format!("is no {expected_type}")))
}
