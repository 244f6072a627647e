//! What a database error means to whoever made the request.
//!
//! A handler passes sqlx's errors on with `?`; they arrive as [`ErrorKind::Internal`] with the error inside, and
//! [`classify`] tells the pipeline what they are. Nothing here shows SQL, a value, a table or a constraint to a client:
//! those are in the log, with the error.

use rustboot_core::error::Classified;
use rustboot_core::{Error, ErrorKind};
use sqlx::error::{DatabaseError, ErrorKind as Violation};

/// Looks for an error of sqlx in the causes of an error. For `AppBuilder::classify`.
pub fn classify(error: &Error) -> Option<Classified> {
    let (kind, detail) = kind_of(error.find::<sqlx::Error>()?)?;
    Some(Classified::new(kind, detail))
}

/// The kind that an error of sqlx stands for, with a sentence that a client may read; `None` for what is a bug on our side.
///
/// | error | kind | status |
/// |---|---|---|
/// | no such row | `NotFound` | 404 |
/// | unique or primary key, foreign key, exclusion, a trigger's `RAISE` | `Conflict` | 409 |
/// | serialization failure, deadlock | `Conflict` | 409 |
/// | `CHECK`, `NOT NULL`, wrong datatype, a value that is out of range | `Invalid` | 422 |
/// | no free connection, pool closed, connection lost, not let in, no answer, database locked, disk full | `Unavailable` | 503 |
/// | cut off by `database.statement_timeout` | `Timeout` | 503 |
pub fn kind_of(error: &sqlx::Error) -> Option<(ErrorKind, &'static str)> {
    match error {
        sqlx::Error::RowNotFound => {
            Some((ErrorKind::NotFound, "there is nothing here by that name"))
        }
        sqlx::Error::PoolTimedOut => {
            Some((ErrorKind::Unavailable, "no database connection is free"))
        }
        sqlx::Error::PoolClosed => Some((ErrorKind::Unavailable, "the database is closed")),
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::WorkerCrashed => {
            Some((ErrorKind::Unavailable, "the database cannot be reached"))
        }
        sqlx::Error::Database(error) => of_database(error.as_ref()),
        _ => None,
    }
}

fn of_database(error: &dyn DatabaseError) -> Option<(ErrorKind, &'static str)> {
    match error.kind() {
        Violation::UniqueViolation => Some((ErrorKind::Conflict, "it is there already")),
        Violation::ForeignKeyViolation => Some((
            ErrorKind::Conflict,
            "it refers to something that is not there, or something refers to it",
        )),
        Violation::NotNullViolation => Some((ErrorKind::Invalid, "a required value is missing")),
        Violation::CheckViolation => Some((ErrorKind::Invalid, "a value is not allowed")),
        _ => of_driver(error),
    }
}

#[cfg_attr(
    not(any(feature = "sqlite", feature = "postgres", feature = "mysql")),
    allow(unused_variables, reason = "no database is compiled in")
)]
fn of_driver(error: &dyn DatabaseError) -> Option<(ErrorKind, &'static str)> {
    let kind = None;
    #[cfg(feature = "sqlite")]
    let kind = kind.or_else(|| crate::sqlite::code::kind_of(error));
    #[cfg(feature = "postgres")]
    let kind = kind.or_else(|| crate::postgres::code::kind_of(error));
    #[cfg(feature = "mysql")]
    let kind = kind.or_else(|| crate::mysql::code::kind_of(error));
    kind
}

/// An error of sqlx as one of ours, of the kind that it stands for. `what` is for the log.
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
pub(crate) fn from_sqlx(error: sqlx::Error, what: impl std::fmt::Display) -> Error {
    let kind = kind_of(&error).map_or(ErrorKind::Internal, |(kind, _)| kind);
    if kind.is_client() {
        // The detail of a client kind is shown to the client.
        let detail = kind_of(&error).map_or("", |(_, detail)| detail);
        return Error::new(kind, detail).with_source(error);
    }
    Error::new(kind, what.to_string()).with_source(error)
}
