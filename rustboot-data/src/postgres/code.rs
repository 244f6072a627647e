//! SQLSTATEs: which of them mean what. <https://www.postgresql.org/docs/current/errcodes-appendix.html>

use rustboot_core::ErrorKind;
use sqlx::Error;
use sqlx::error::DatabaseError;
use sqlx::postgres::{PgDatabaseError, PgSeverity};

const COLLIDED: (ErrorKind, &str) = (
    ErrorKind::Conflict,
    "it collided with a change at the same time; try again",
);
const NOT_ALLOWED: (ErrorKind, &str) = (ErrorKind::Invalid, "a value is not allowed");
const NOT_NOW: (ErrorKind, &str) = (
    ErrorKind::Unavailable,
    "the database cannot be used right now",
);

/// What an error means that is no violation of a constraint that sqlx knows.
pub(crate) fn kind_of(error: &dyn DatabaseError) -> Option<(ErrorKind, &'static str)> {
    let error = error.try_downcast_ref::<PgDatabaseError>()?;
    of_state(error.code())
}

fn of_state(state: &str) -> Option<(ErrorKind, &'static str)> {
    Some(match state {
        // serialization_failure, deadlock_detected
        "40001" | "40P01" => COLLIDED,
        // raise_exception: the word of a trigger or a function
        "P0001" => (
            ErrorKind::Conflict,
            "it collides with what is there already",
        ),
        // string_data_right_truncation, numeric_value_out_of_range, the datetime ones, invalid_text_representation;
        // character_not_in_repertoire and untranslatable_character: a NUL in a text, and in JSON
        "22001" | "22003" | "22007" | "22008" | "22P02" | "22021" | "22P05" => NOT_ALLOWED,
        // query_canceled, by statement_timeout or by an administrator
        "57014" => (ErrorKind::Timeout, "it took longer than allowed"),
        // lock_not_available; read_only_sql_transaction: on a server that was the primary
        "55P03" | "25006" => NOT_NOW,
        // idle_in_transaction_session_timeout and its siblings
        "25P03" | "25P04" => NOT_NOW,
        // invalid_catalog_name
        "3D000" => NOT_NOW,
        _ => match state.get(..2)? {
            "23" => (
                ErrorKind::Conflict,
                "it collides with what is there already",
            ),
            // no connection, not let in, no resources, an operator at work, a system error
            "08" | "28" | "53" | "57" | "58" => NOT_NOW,
            _ => return None,
        },
    })
}

/// Whether the server may come to itself: it starts, has no room, is not there yet.
pub(super) fn is_transient(error: &Error) -> bool {
    match error {
        Error::Io(_) | Error::PoolTimedOut => true,
        Error::Database(error) => error
            .code()
            .is_some_and(|code| matches!(code.get(..2), Some("08" | "53" | "57" | "58"))),
        // The server went away in the middle of the handshake.
        Error::Protocol(_) => true,
        _ => false,
    }
}

/// Whether the server refuses the credentials: invalid_password, or invalid_authorization_specification, such as a role that is gone.
pub(super) fn is_refused(error: &Error) -> bool {
    match error {
        Error::Database(error) => error.code().is_some_and(|code| code.starts_with("28")),
        _ => false,
    }
}

/// undefined_table
pub(super) fn is_missing_table(error: &Error) -> bool {
    match error {
        Error::Database(error) => error.code().is_some_and(|code| code == "42P01"),
        _ => false,
    }
}

/// Whether a connection is of no use after it: it ended, or it leads to a server that is the primary no longer, and a new one
/// may find the new primary.
pub(super) fn is_broken(error: &Error) -> bool {
    match error {
        Error::Io(_) | Error::Tls(_) | Error::Protocol(_) | Error::WorkerCrashed => true,
        Error::Database(error) => {
            error
                .try_downcast_ref::<PgDatabaseError>()
                .is_some_and(|error| {
                    let ended = matches!(error.severity(), PgSeverity::Fatal | PgSeverity::Panic);
                    // read_only_sql_transaction
                    ended || error.code() == "25006"
                })
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_have_a_meaning() {
        for (state, kind) in [
            ("40001", Some(ErrorKind::Conflict)),
            ("40P01", Some(ErrorKind::Conflict)),
            ("23P01", Some(ErrorKind::Conflict)),
            ("22P02", Some(ErrorKind::Invalid)),
            ("22021", Some(ErrorKind::Invalid)),
            ("57014", Some(ErrorKind::Timeout)),
            ("57P01", Some(ErrorKind::Unavailable)),
            ("53300", Some(ErrorKind::Unavailable)),
            ("28P01", Some(ErrorKind::Unavailable)),
            ("42P01", None),
            ("42601", None),
            ("22012", None),
            ("", None),
        ] {
            assert_eq!(of_state(state).map(|(kind, _)| kind), kind, "{state}");
        }
    }
}
