//! The clients that come with a server: `psql`, `mariadb`.

use std::process::Command;

use crate::error::{Result, ServerError};

/// Runs one for a statement, and returns what it prints.
pub(crate) fn run(mut client: Command, sql: &str) -> Result<String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
    let program = client.get_program().to_string_lossy().into_owned();
    let output = client
        .output()
        .map_err(ServerError::io(format!("cannot start {program}")))?;
    match output.status.success() {
        true => Ok(text(&output.stdout)),
        false => Err(ServerError::Refused {
            doing: sql.to_owned(),
            answer: text(&output.stderr),
        }),
    }
}
