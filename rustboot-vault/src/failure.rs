//! What the client's errors mean: whether to try again, and what to tell the person who has to act.
//!
//! The errors themselves go nowhere: some carry the body of the answer, and with it the secrets.

use std::error::Error as StdError;

use rustboot_core::{Error, ErrorKind};
use vaultrs::error::ClientError;

/// Why a call failed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) what: String,
    /// Whether another attempt may succeed: it cannot be reached, is sealed, on standby, or has too much to do.
    pub(crate) may_pass: bool,
}

impl Failure {
    pub(crate) fn lasting(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            may_pass: false,
        }
    }

    fn passing(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            may_pass: true,
        }
    }

    /// A failed call; `doing` says what it was for.
    pub(crate) fn of(doing: &str, error: &ClientError) -> Self {
        use rustify::errors::ClientError as Rest;
        match error {
            ClientError::APIError { code, errors } => {
                Self::status(doing, *code, &errors.join(", "))
            }
            ClientError::RestClientError {
                source: Rest::ServerResponseError { code, .. },
            } => Self::status(doing, *code, ""),
            ClientError::RestClientError {
                source: Rest::RequestError { source, .. } | Rest::ResponseError { source },
            } => Self::passing(format!("{doing}: {}", root(source.as_ref()))),
            // What is not understood is not repeated.
            ClientError::RestClientError { .. }
            | ClientError::JsonParseError { .. }
            | ClientError::ResponseEmptyError
            | ClientError::ResponseDataEmptyError => Self::lasting(format!(
                "{doing}: the answer is not that of a KV engine of version 2; vault.address, vault.mount and vault.paths say where to ask"
            )),
            other => Self::lasting(format!("{doing}: {other}")),
        }
    }

    fn status(doing: &str, code: u16, errors: &str) -> Self {
        let said = match errors.trim() {
            "" => code.to_string(),
            errors => format!("{code}, {errors}"),
        };
        match code {
            // 472 and 473: a standby of another cluster; 412: a replica that is behind.
            412 | 429 | 472 | 473 | 500.. => {
                Self::passing(format!("{doing}: Vault answers {said}"))
            }
            404 => Self::lasting(format!(
                "{doing}: there is nothing there ({said}); vault.mount and vault.paths say where to look"
            )),
            400 | 401 | 403 => Self::lasting(format!("{doing}: refused ({said})")),
            _ => Self::lasting(format!("{doing}: Vault answers {said}")),
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        let kind = if failure.may_pass {
            ErrorKind::Unavailable
        } else {
            ErrorKind::Configuration
        };
        Error::new(kind, failure.what)
    }
}

/// The last cause, which is the one that says something: "connection refused".
fn root(error: &(dyn StdError + 'static)) -> String {
    let mut root = error;
    while let Some(cause) = root.source() {
        root = cause;
    }
    root.to_string()
}
