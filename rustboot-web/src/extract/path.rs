//! Parameters of the path.

use axum::extract::FromRequestParts;
use http::request::Parts;
use rustboot_core::{Error, ErrorKind};
use serde::de::DeserializeOwned;

use super::params::PathParameters;

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
                Err(Error::bad_request(rejection.body_text()))
            }
            Err(rejection) => Err(Error::new(ErrorKind::Internal, rejection.body_text())),
        }
    }
}
