//! The one error type of an application: what went wrong, in which class, and why.
//!
//! [`Error`] is what handlers, components, hooks and tasks return. Any `std::error::Error` turns into one through `?`.
//! Its [`ErrorKind`] is transport-neutral; rustboot-web maps it to a status, the lifecycle maps it to an exit code.
//!
//! It does not describe configuration problems: those are collected in a [`Report`](crate::report::Report).

mod found;
mod kind;
#[cfg(feature = "axum")]
mod response;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

pub use found::OrNotFound;
pub use kind::ErrorKind;
#[cfg(feature = "axum")]
pub use response::ErrorCarrier;

/// `std::result::Result` with [`Error`] filled in.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// One invalid field of an input.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FieldError {
    /// A JSON pointer (RFC 6901) to the field, such as `/items/0/name`; empty for the whole input.
    pub pointer: String,
    /// What is wrong with it, for the person who sent it.
    pub detail: String,
}

/// What an error of a library means to a caller, as the module that knows the library sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classified {
    /// The class that it is really of.
    pub kind: ErrorKind,
    /// What the client may read; no values, no statements.
    pub detail: Cow<'static, str>,
}

/// Looks at an error that came through `?`, and says what it means when it knows.
///
/// rustboot-data registers one for sqlx ([`AppBuilder::classify`](crate::app::AppBuilder::classify)), so that a missing row
/// is a 404 without rustboot-web knowing of SQL.
pub type Classifier = fn(&Error) -> Option<Classified>;

/// What went wrong.
///
/// The *detail* of an error of a client kind ([`ErrorKind::is_client`]) is meant for the client. Of any other kind, neither
/// detail nor source ever reaches a client: they are for the log.
///
/// `Error` deliberately does not implement `std::error::Error`: that is what lets `?` convert every other error into it.
///
/// A clone has the same source, so that one failure can be told to everybody who waited for the same thing.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    detail: Cow<'static, str>,
    fields: Vec<FieldError>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of a kind, with a detail.
    pub fn new(kind: ErrorKind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            kind,
            detail: detail.into(),
            fields: Vec::new(),
            source: None,
        }))
    }

    /// Something is broken on our side; the detail is for the log only.
    pub fn internal(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Internal, detail)
    }

    /// What was asked for does not exist.
    pub fn not_found(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::NotFound, detail)
    }

    /// It existed once, and does not any more.
    pub fn gone(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Gone, detail)
    }

    /// It collides with what is there.
    pub fn conflict(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Conflict, detail)
    }

    /// The request cannot be understood.
    pub fn bad_request(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::BadRequest, detail)
    }

    /// The request is understood, and its content is not acceptable. Add the fields with [`Error::with_field`].
    pub fn invalid(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Invalid, detail)
    }

    /// A dependency cannot be reached, or has no room, right now.
    pub fn unavailable(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Unavailable, detail)
    }

    /// Adds one invalid field.
    #[must_use]
    pub fn with_field(mut self, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        self.0.fields.push(FieldError {
            pointer: pointer.into(),
            detail: detail.into(),
        });
        self
    }

    /// Sets what caused it. The source goes to the log with its own chain, never to a client.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(Arc::from(source.into()));
        self
    }

    /// Says what was being done, in front of the detail, and keeps kind and source.
    #[must_use]
    pub fn context(mut self, what: impl fmt::Display) -> Self {
        self.0.detail = Cow::Owned(if self.0.detail.is_empty() {
            what.to_string()
        } else {
            format!("{what}: {}", self.0.detail)
        });
        self
    }

    /// The same error as another kind: for the layer that knows better what a failure means to its caller.
    #[must_use]
    pub fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    /// Its class.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What happened, in a sentence; empty when the source says it all.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// The invalid fields, for [`ErrorKind::Invalid`].
    pub fn fields(&self) -> &[FieldError] {
        &self.0.fields
    }

    /// What caused it.
    pub fn source(&self) -> Option<&(dyn StdError + Send + Sync + 'static)> {
        self.0.source.as_deref()
    }

    /// The first error of type `E` in the chain of causes.
    pub fn find<E: StdError + 'static>(&self) -> Option<&E> {
        let mut next: Option<&(dyn StdError + 'static)> = self.0.source.as_deref().map(|e| e as _);
        while let Some(error) = next {
            if let Some(found) = error.downcast_ref::<E>() {
                return Some(found);
            }
            next = error.source();
        }
        None
    }
}

/// The detail, then each cause, separated by `: `. A cause that its parent already printed is not repeated.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = self.0.detail.to_string();
        f.write_str(&said)?;
        let mut next: Option<&(dyn StdError + 'static)> = self.0.source.as_deref().map(|e| e as _);
        while let Some(error) = next {
            let text = error.to_string();
            if !said.ends_with(&text) {
                if !said.is_empty() {
                    f.write_str(": ")?;
                }
                f.write_str(&text)?;
                said = text;
            }
            next = error.source();
        }
        if said.is_empty() {
            f.write_str(self.0.kind.title())?;
        }
        for field in &self.0.fields {
            write!(f, "; {}: {}", field.pointer, field.detail)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("detail", &self.0.detail)
            .field("fields", &self.0.fields)
            .field("source", &self.0.source)
            .finish()
    }
}

impl<E> From<E> for Error
where
    E: StdError + Send + Sync + 'static,
{
    fn from(source: E) -> Self {
        Self::new(ErrorKind::Internal, "").with_source(source)
    }
}
