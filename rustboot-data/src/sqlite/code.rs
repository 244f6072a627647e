//! SQLite's result codes: which of them mean what. <https://sqlite.org/rescode.html>

use rustboot_core::ErrorKind;
use sqlx::error::DatabaseError;
use sqlx::sqlite::SqliteError;

pub(super) const ERROR: i32 = 1;
const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const NOMEM: i32 = 7;
const READONLY: i32 = 8;
const INTERRUPT: i32 = 9;
const IOERR: i32 = 10;
const FULL: i32 = 13;
const CANTOPEN: i32 = 14;
const PROTOCOL: i32 = 15;
const TOOBIG: i32 = 18;
const CONSTRAINT: i32 = 19;
const CONSTRAINT_ROWID: i32 = CONSTRAINT | (10 << 8);
const CONSTRAINT_DATATYPE: i32 = CONSTRAINT | (12 << 8);

/// The extended code of an error.
fn extended(error: &dyn DatabaseError) -> Option<i32> {
    error.try_downcast_ref::<SqliteError>()?;
    error.code()?.parse().ok()
}

/// The primary code of an error of sqlx, when SQLite gave it.
pub(super) fn primary(error: &sqlx::Error) -> Option<i32> {
    Some(extended(error.as_database_error()?)? & 0xff)
}

/// SQLite has no code for it, only words, which have been the same since its beginning.
pub(super) fn is_missing_table(error: &sqlx::Error) -> bool {
    let text = error.as_database_error().map(DatabaseError::message);
    primary(error) == Some(ERROR) && text.is_some_and(|text| text.starts_with("no such table"))
}

/// What an error means that is no violation of a constraint that sqlx knows.
pub(crate) fn kind_of(error: &dyn DatabaseError) -> Option<(ErrorKind, &'static str)> {
    let code = extended(error)?;
    match code {
        CONSTRAINT_ROWID => return Some((ErrorKind::Conflict, "it is there already")),
        CONSTRAINT_DATATYPE => return Some((ErrorKind::Invalid, "a value is not allowed")),
        _ => {}
    }
    match code & 0xff {
        CONSTRAINT => Some((
            ErrorKind::Conflict,
            "it collides with what is there already",
        )),
        TOOBIG => Some((ErrorKind::TooLarge, "a value is too large")),
        BUSY | LOCKED => Some((ErrorKind::Unavailable, "the database is busy")),
        INTERRUPT => Some((ErrorKind::Timeout, "it took longer than allowed")),
        READONLY | IOERR | FULL | CANTOPEN | PROTOCOL => Some((
            ErrorKind::Unavailable,
            "the database cannot be used right now",
        )),
        _ => None,
    }
}

/// Whether SQLite may have rolled the whole transaction back with it. <https://sqlite.org/lang_transaction.html>, section 3. What
/// asks for that by itself, `OR ROLLBACK` and `RAISE(ROLLBACK)`, has the code of every constraint.
pub(super) fn ends_transaction(error: &sqlx::Error, may_write: bool) -> bool {
    match primary(error) {
        Some(INTERRUPT) => may_write,
        Some(NOMEM | IOERR | FULL) => true,
        _ => false,
    }
}

/// Whether somebody else has the lock, so that trying again may help. Switching a new file to WAL is the one lock that
/// SQLite's own busy timeout does not wait for.
pub(super) fn is_transient(error: &sqlx::Error) -> bool {
    matches!(primary(error), Some(BUSY | LOCKED | PROTOCOL))
}
