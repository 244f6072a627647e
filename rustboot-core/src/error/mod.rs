//! The one error type of an application: what went wrong, in which class, and why.
//!
//! [`Error`] is what handlers, components, hooks and tasks return. Any `std::error::Error` turns into one through `?`.
//! Its [`ErrorKind`] is transport-neutral; rustboot-web maps it to a status, the lifecycle maps it to an exit code.
//!
//! It does not describe configuration problems: those are collected in a [`Report`](crate::report::Report).

mod conversion;
mod field;
mod found;
mod kind;
mod presentation;
#[cfg(feature = "axum")]
mod response;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

pub use conversion::{ErrorDef, IntoError, ProblemKind};
pub use field::{FieldError, FieldPlace};
pub use found::OrNotFound;
pub use kind::ErrorKind;
pub use presentation::Presentation;
#[cfg(feature = "axum")]
pub use response::ErrorCarrier;

/// `std::result::Result` with [`Error`] filled in.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What an error of a library means to a caller, as the module that knows the library sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Classified {
    /// The class that it is really of.
    pub kind: ErrorKind,
    /// What the client may read; no values, no statements.
    pub detail: Cow<'static, str>,
    /// The invalid fields, for [`ErrorKind::Invalid`].
    pub fields: Vec<FieldError>,
}

impl Classified {
    /// An error of this kind, with what the client may read.
    pub fn new(kind: ErrorKind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            fields: Vec::new(),
        }
    }

    /// With the fields that are not valid.
    #[must_use]
    pub fn with_fields(mut self, fields: impl IntoIterator<Item = FieldError>) -> Self {
        self.fields.extend(fields);
        self
    }
}

/// Looks at an error that came through `?`, and says what it means when it knows.
///
/// rustboot-data registers one for sqlx ([`AppBuilder::classify`](crate::app::AppBuilder::classify)), so that a missing row
/// is a 404 without rustboot-web knowing of SQL.
pub type Classifier = fn(&Error) -> Option<Classified>;

/// What went wrong.
///
/// An error type of your own derives `Problem`, and says for each case what a client gets; `?` works on it as well.
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
    is_unclassified: bool,
    detail: Cow<'static, str>,
    fields: Vec<FieldError>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
    shown: Option<Box<Presentation>>,
}

impl Error {
    /// An error of a kind, with a detail.
    pub fn new(kind: ErrorKind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            kind,
            is_unclassified: false,
            detail: detail.into(),
            fields: Vec::new(),
            source: None,
            shown: None,
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

    /// Nobody is logged in, or the proof is not accepted. Say how to log in with a header `WWW-Authenticate`.
    pub fn unauthorized(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Unauthorized, detail)
    }

    /// Who asks is known, and may not.
    pub fn forbidden(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Forbidden, detail)
    }

    /// Adds one invalid field of the body, by its JSON pointer (`/items/0/name`).
    #[must_use]
    pub fn with_field(self, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        self.with_fields([FieldError {
            place: FieldPlace::Pointer(pointer.into()),
            detail: detail.into(),
        }])
    }

    /// Adds one invalid parameter of path or query, by its name.
    #[must_use]
    pub fn with_parameter(self, name: impl Into<String>, detail: impl Into<String>) -> Self {
        self.with_fields([FieldError {
            place: FieldPlace::Parameter(name.into()),
            detail: detail.into(),
        }])
    }

    /// Adds several invalid fields.
    #[must_use]
    pub fn with_fields(mut self, fields: impl IntoIterator<Item = FieldError>) -> Self {
        self.0.fields.extend(fields);
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
        self.0.is_unclassified = false;
        if let Some(shown) = &mut self.0.shown {
            shown.status = None;
        }
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
            write!(f, "; {}: {}", field.place.as_str(), field.detail)?;
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
            .field("presentation", &self.0.shown)
            .finish()
    }
}
