//! From a URL to what PostgreSQL is connected with.
//!
//! `postgres://user:password@host:5432/database`, with the parameters that sqlx knows. What is not in the URL comes from the
//! variables of libpq (`PGHOST`, `PGUSER`, …) and `~/.pgpass`, as everywhere.

use std::str::FromStr as _;

use sqlx::ConnectOptions as _;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

/// What the URL may have behind the `?`.
const PARAMETERS: [&str; 18] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
];

/// Reads a URL.
///
/// # Errors
/// A sentence that repeats nothing of the URL but the name of a parameter.
pub(crate) fn from_url(url: &str) -> Result<PgConnectOptions, String> {
    crate::server::credentials_in_url::check(url)?;
    if let Some((_, parameters)) = url.split_once('?') {
        for parameter in parameters.split('&').filter(|p| !p.is_empty()) {
            let name = parameter.split('=').next().unwrap_or_default();
            let known = PARAMETERS.contains(&name)
                || name.starts_with("options[")
                || name.to_ascii_lowercase().starts_with("options%5b");
            if !known {
                return Err(format!(
                    "the parameter `{}` of the URL is not understood; sslmode, sslrootcert, sslcert, sslkey, application_name, options[NAME] and statement-cache-capacity are",
                    shown(name)
                ));
            }
        }
    }
    let options = PgConnectOptions::from_str(url).map_err(|_| {
        "expected postgres://user:password@host:5432/database, with special characters of the password written as %40 and the like (the value is not shown here)".to_owned()
    })?;
    let encrypted = matches!(
        options.get_ssl_mode(),
        PgSslMode::Require | PgSslMode::VerifyCa | PgSslMode::VerifyFull
    );
    if encrypted && !cfg!(feature = "tls") {
        return Err(
            "the URL asks for TLS (sslmode), which is not compiled in: switch on the feature `tls` of rustboot in Cargo.toml"
                .to_owned(),
        );
    }
    Ok(options.disable_statement_logging())
}

/// A name that may be shown: what does not look like one may be part of a password with a question mark.
fn shown(name: &str) -> &str {
    let is_name = name.len() <= 40
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
        && !name.is_empty();
    match is_name {
        true => name,
        false => "…",
    }
}

/// Host, port and database.
pub(super) fn place(options: &PgConnectOptions) -> String {
    let database = options.get_database().unwrap_or(options.get_username());
    match options.get_socket() {
        Some(socket) => format!("{}/{database}", socket.display()),
        None => format!("{}:{}/{database}", options.get_host(), options.get_port()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_read_and_never_repeated() {
        let options = from_url("postgres://shop:s3cret%40@db.example:6432/orders").unwrap();
        assert_eq!(place(&options), "db.example:6432/orders");
        let socket = from_url("postgresql://shop@%2Frun%2Fpostgresql/orders").unwrap();
        assert_eq!(place(&socket), "/run/postgresql/orders");
        for wrong in [
            "postgres://shop:s3cret@db.example:port/orders",
            "postgres://shop:s3cret?x@db.example/orders",
            "postgres://shop:s3cret@db.example/orders?sslmod=s3cret",
            "postgres://shop:s3cret@db.example/orders?sslmode=s3cret",
            "postgres://shop:s3cret@db.example/orders?s3cret@x",
        ] {
            let message = from_url(wrong).unwrap_err();
            assert!(!message.contains("s3cret"), "{message}");
        }
        assert!(
            from_url("postgres://h/d?sslmod=require")
                .unwrap_err()
                .contains("`sslmod`")
        );
    }

    #[cfg(not(feature = "tls"))]
    #[test]
    fn tls_that_is_not_compiled_in_is_found_before_the_start() {
        let message = from_url("postgres://h/d?sslmode=verify-full").unwrap_err();
        assert!(message.contains("feature `tls`"), "{message}");
    }
}
