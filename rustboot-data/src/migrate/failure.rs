//! What a migration that failed says: the file, the line and the statement, whatever else went wrong after it.

use rustboot_core::{Error, ErrorKind};

use super::embedded::File;
use super::split::statements;
use crate::pool::Driver;

/// A statement longer than this is cut in the error, in bytes.
const LONGEST_TEXT: usize = 400;

/// Which statement failed, counted from 1, and why.
pub(super) struct Failure {
    pub(super) statement: usize,
    /// Whether the file was sent in one piece, so that what the error says of its place is of the file.
    pub(super) whole: bool,
    pub(super) error: sqlx::Error,
}

impl Failure {
    pub(super) fn explain<DB: Driver>(self, file: &File, consequence: &str) -> Error {
        let Self {
            statement,
            whole,
            error,
        } = self;
        let sql = file.migration.sql.as_str();
        let all = statements(sql, DB::QUOTING);
        // A database that reads the whole file before it runs the first statement says where it stumbled.
        let said = DB::position(&error, sql)
            .filter(|_| whole)
            .and_then(|at| all.iter().rposition(|(_, text)| offset(sql, text) <= at));
        let statement = said.map_or(statement, |index| index + 1);
        let place = match all.get(statement - 1) {
            Some((line, text)) => {
                let text = &text[..text.floor_char_boundary(LONGEST_TEXT)];
                format!("{}:{line}, statement {statement} (`{text}`)", file.path)
            }
            None => format!("{}, statement {statement}", file.path),
        };
        Error::internal(format!("{place} failed, and {consequence}")).with_source(error)
    }
}

/// Where a part of a text begins in it.
fn offset(whole: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize)
}

/// The statements of a file went through, and its end did not: a deferred constraint, for one.
pub(super) fn not_committed<DB: Driver>(file: &File, error: sqlx::Error) -> Error {
    let path = file.path;
    if DB::is_broken(&error) {
        return Error::new(
            ErrorKind::Unavailable,
            format!(
                "the connection was lost at the COMMIT of {path}: it is applied as a whole or not at all, which the next start sees"
            ),
        )
        .with_source(error);
    }
    let consequence = DB::AFTER_A_FAILURE;
    Error::internal(format!("the COMMIT of {path} failed, and {consequence}")).with_source(error)
}
