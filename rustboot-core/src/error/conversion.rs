//! How other errors become an [`Error`].
//!
//! `?` converts any `std::error::Error`. What most of them mean is not known here, so that they count as
//! [`ErrorKind::Internal`] until a [classifier](super::Classifier) says otherwise. An error that says itself what it means
//! (`#[derive(Problem)]`) is looked up by its type and converted by its own code. The look-up is what allows a handler to
//! use `?` on both: Rust has no two implementations of `From` for overlapping types.

use std::any::TypeId;
use std::error::Error as StdError;
use std::fmt;

use super::{Error, ErrorKind};

type Boxed = Box<dyn StdError + Send + Sync>;

/// An error of an application that knows what it means to a client. `#[derive(Problem)]` writes it.
///
/// Written by hand, it also has to be registered, so that `?` finds it:
/// `inventory::submit! { ErrorDef::of::<MyError>() }`.
pub trait IntoError: StdError + Send + Sync + Sized + 'static {
    /// Itself as an [`Error`], usually with itself as the source, so that the log and [`Error::find`] have it.
    fn into_error(self) -> Error;

    /// The kinds of problem that it can become, for the OpenAPI document. Empty for one that does not say.
    const KINDS: &'static [ProblemKind] = &[];
}

/// A kind of problem that an error can become, as far as the type of the error says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProblemKind {
    /// A problem of its own.
    Of {
        /// The HTTP status.
        status: u16,
        /// Its title; empty for the phrase of the status.
        title: &'static str,
        /// The URI that names it; empty for none.
        type_uri: &'static str,
    },
    /// What an error inside says.
    OfTheSource,
}

/// How errors of one type are converted.
pub struct ErrorDef {
    source: TypeId,
    convert: fn(Boxed) -> Result<Error, Boxed>,
}

inventory::collect!(ErrorDef);

impl ErrorDef {
    /// The definition of a type.
    pub const fn of<E: IntoError>() -> Self {
        Self {
            source: TypeId::of::<E>(),
            convert: |error| error.downcast::<E>().map(|error| error.into_error()),
        }
    }
}

impl fmt::Debug for ErrorDef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ErrorDef").field(&self.source).finish()
    }
}

impl<E> From<E> for Error
where
    E: StdError + Send + Sync + 'static,
{
    fn from(source: E) -> Self {
        let own = TypeId::of::<E>();
        let source: Boxed = Box::new(source);
        match inventory::iter::<ErrorDef>
            .into_iter()
            .find(|definition| definition.source == own)
        {
            Some(definition) => (definition.convert)(source).unwrap_or_else(Self::from_library),
            None => Self::from_library(source),
        }
    }
}

impl Error {
    fn from_library(source: Boxed) -> Self {
        let mut error = Self::new(ErrorKind::Internal, "").with_source(source);
        error.0.is_unclassified = true;
        error
    }

    /// Whether it came through `?` and nobody has said what it means: only then a [classifier](super::Classifier) may.
    pub fn is_unclassified(&self) -> bool {
        self.0.is_unclassified
    }
}
