//! `.env` files: variables for development, weaker than the real environment, which they never change.

use std::path::Path;

use crate::report::Problem;

/// One variable of a file.
#[derive(Debug, Clone)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) line: Option<u32>,
}

/// Reads a file. Empty when there is none.
pub(crate) fn read(path: &Path, shown: &str, problems: &mut Vec<Problem>) -> Vec<Variable> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => {
            problems.push(Problem::new(shown, format!("cannot be read: {error}")));
            return Vec::new();
        }
    };
    let mut variables = Vec::new();
    for item in dotenvy::from_read_iter(text.as_bytes()) {
        match item {
            Ok((name, value)) => {
                let line = line_of(&text, &name);
                variables.push(Variable { name, value, line });
            }
            // The text of the error repeats the line, which may hold a secret; the position is enough.
            Err(dotenvy::Error::LineParse(line, at)) => {
                let number = text
                    .lines()
                    .position(|l| l == line)
                    .map_or(String::new(), |index| format!(":{}", index + 1));
                problems.push(
                    Problem::new(
                        format!("{shown}{number}"),
                        format!("cannot be read from character {}", at + 1),
                    )
                    .note("help: write NAME=value, with quotes around a value that has spaces"),
                );
            }
            Err(error) => problems.push(Problem::new(shown, format!("cannot be read: {error}"))),
        }
    }
    variables
}

fn line_of(text: &str, name: &str) -> Option<u32> {
    let index = text.lines().position(|line| {
        let line = line.trim_start();
        let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
        line.strip_prefix(name)
            .is_some_and(|rest| rest.trim_start().starts_with('='))
    })?;
    u32::try_from(index + 1).ok()
}
