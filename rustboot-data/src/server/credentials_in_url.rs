//! A URL whose password has characters that mean something in a URL: a parser finds another host in it, and what it takes for the
//! host or the database is shown in logs.

/// Refuses a URL in which the parser would look for the host in the wrong place.
///
/// # Errors
/// A sentence that repeats nothing of the URL.
pub(crate) fn check(url: &str) -> Result<(), String> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let before_parameters = rest.split('?').next().unwrap_or_default();
    let path = before_parameters.split_once('/').map(|(_, path)| path);
    if rest.contains('#') || path.is_some_and(|path| path.contains('@')) {
        return Err(
            "a `/`, `#` or `@` stands where none may be: in user, password and database they are written as %2F, %23 and %40 (the value is not shown here)".to_owned(),
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_that_is_not_encoded_is_refused() {
        for url in [
            "postgres://app:12/34@127.0.0.1:5432/db",
            "postgres://app:s3cr@t/pw@db.example/db",
            "postgres://app:12#34@db.example/db",
            "mysql://app:p@ss/w:rd@db.example/db?charset=utf8",
        ] {
            let message = check(url).unwrap_err();
            assert!(!message.contains("12") && !message.contains("pw"));
        }
        for url in [
            "postgres://app:s3cr@t@db.example/db",
            "postgres://app:12%2F34%40@db.example:5432/db?application_name=a@b",
            "postgres://db.example",
            "postgres://app@%2Frun%2Fpostgresql/db",
        ] {
            check(url).unwrap();
        }
    }
}
