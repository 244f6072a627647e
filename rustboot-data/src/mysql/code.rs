//! Error numbers: which of them mean what. <https://mariadb.com/kb/en/mariadb-error-code-reference/>

use rustboot_core::ErrorKind;
use sqlx::Error;
use sqlx::error::DatabaseError;
use sqlx::mysql::MySqlDatabaseError;

const NOT_NOW: (ErrorKind, &str) = (
    ErrorKind::Unavailable,
    "the database cannot be used right now",
);

fn number(error: &dyn DatabaseError) -> Option<u16> {
    Some(error.try_downcast_ref::<MySqlDatabaseError>()?.number())
}

/// What an error means that is no violation of a constraint that sqlx knows.
pub(crate) fn kind_of(error: &dyn DatabaseError) -> Option<(ErrorKind, &'static str)> {
    of_number(number(error)?)
}

fn of_number(number: u16) -> Option<(ErrorKind, &'static str)> {
    Some(match number {
        // ER_LOCK_DEADLOCK, ER_CHECKREAD
        1213 | 1020 => (
            ErrorKind::Conflict,
            "it collided with a change at the same time; try again",
        ),
        // ER_SIGNAL_EXCEPTION: the word of a trigger
        1644 => (
            ErrorKind::Conflict,
            "it collides with what is there already",
        ),
        // ER_DATA_TOO_LONG, ER_WARN_DATA_OUT_OF_RANGE, ER_TRUNCATED_WRONG_VALUE(_FOR_FIELD), ER_CONSTRAINT_FAILED
        1406 | 1264 | 1292 | 1366 | 4025 | 3819 => (ErrorKind::Invalid, "a value is not allowed"),
        // ER_STATEMENT_TIMEOUT of MariaDB, ER_QUERY_TIMEOUT of MySQL, ER_QUERY_INTERRUPTED
        1969 | 3024 | 1317 => (ErrorKind::Timeout, "it took longer than allowed"),
        // no room, not let in, not there, shutting down, killed, full, read-only, a lock that was not free in time
        1021 | 1040 | 1041 | 1044 | 1045 | 1049 | 1053 | 1114 | 1129 | 1130 | 1203 | 1205
        | 1226 | 1290 | 1836 | 1927 => NOT_NOW,
        _ => return None,
    })
}

/// Whether the server may come to itself: it starts, has no room.
pub(super) fn is_transient(error: &Error) -> bool {
    match error {
        Error::Io(_) | Error::PoolTimedOut | Error::Protocol(_) => true,
        Error::Database(error) => matches!(
            number(error.as_ref()),
            Some(1040 | 1041 | 1053 | 1129 | 1203 | 1226)
        ),
        _ => false,
    }
}

/// Whether the server refuses the credentials: ER_ACCESS_DENIED_ERROR.
pub(super) fn is_refused(error: &Error) -> bool {
    match error {
        Error::Database(error) => number(error.as_ref()) == Some(1045),
        _ => false,
    }
}

/// ER_NO_SUCH_TABLE
pub(super) fn is_missing_table(error: &Error) -> bool {
    has_number(error, |number| number == 1146)
}

/// ER_SP_DOES_NOT_EXIST, which savepoints share with procedures.
pub(super) fn is_missing_savepoint(error: &Error) -> bool {
    has_number(error, |number| number == 1305)
}

/// Whether InnoDB rolls the whole transaction back with it: ER_CHECKREAD, ER_LOCK_WAIT_TIMEOUT (with `innodb_rollback_on_timeout`,
/// which a client may not ask for), ER_LOCK_TABLE_FULL, ER_LOCK_DEADLOCK, ER_XA_RBDEADLOCK.
pub(super) fn ends_transaction(error: &Error) -> bool {
    has_number(error, |number| {
        matches!(number, 1020 | 1205 | 1206 | 1213 | 1614)
    })
}

fn has_number(error: &Error, is_it: impl Fn(u16) -> bool) -> bool {
    match error {
        Error::Database(error) => number(error.as_ref()).is_some_and(is_it),
        _ => false,
    }
}

/// Whether a connection is of no use after it: it ended, or it leads to a server that is the primary no longer.
pub(super) fn is_broken(error: &Error) -> bool {
    match error {
        Error::Io(_) | Error::Tls(_) | Error::Protocol(_) | Error::WorkerCrashed => true,
        Error::Database(error) => matches!(number(error.as_ref()), Some(1053 | 1290 | 1836 | 1927)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_a_meaning() {
        for (number, kind) in [
            (1213, Some(ErrorKind::Conflict)),
            (1205, Some(ErrorKind::Unavailable)),
            (1969, Some(ErrorKind::Timeout)),
            (1406, Some(ErrorKind::Invalid)),
            (1064, None),
        ] {
            assert_eq!(of_number(number).map(|(kind, _)| kind), kind, "{number}");
        }
    }
}
