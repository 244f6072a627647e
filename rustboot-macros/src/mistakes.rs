//! Several mistakes, reported together: whoever fixes one should not have to compile again to hear of the next.

use syn::{Error, Result};

/// Both values, or the mistakes of both.
pub(crate) fn both<A, B>(a: Result<A>, b: Result<B>) -> Result<(A, B)> {
    match (a, b) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        (Err(a), Err(b)) => Err(combined(a, b)),
        (Err(error), Ok(_)) | (Ok(_), Err(error)) => Err(error),
    }
}

/// All values, or the mistakes of all.
pub(crate) fn all<T>(results: impl IntoIterator<Item = Result<T>>) -> Result<Vec<T>> {
    let mut values = Vec::new();
    let mut mistakes = None;
    for result in results {
        match result {
            Ok(value) => values.push(value),
            Err(error) => note(&mut mistakes, error),
        }
    }
    mistakes.map_or(Ok(values), Err)
}

/// Adds a mistake to those that were found before.
pub(crate) fn note(mistakes: &mut Option<Error>, error: Error) {
    *mistakes = Some(match mistakes.take() {
        Some(earlier) => combined(earlier, error),
        None => error,
    });
}

fn combined(mut first: Error, second: Error) -> Error {
    first.combine(second);
    first
}
