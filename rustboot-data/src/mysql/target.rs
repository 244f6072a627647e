//! From a URL to what MySQL is connected with: `mysql://user:password@host:3306/database`.

use std::str::FromStr as _;

use sqlx::ConnectOptions as _;
use sqlx::mysql::{MySqlConnectOptions, MySqlSslMode};

/// What the URL may have behind the `?`.
const PARAMETERS: [&str; 14] = [
    "sslmode",
    "ssl-mode",
    "sslca",
    "ssl-ca",
    "charset",
    "collation",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "socket",
    "timezone",
    "time-zone",
];

/// Reads a URL.
///
/// # Errors
/// A sentence that repeats nothing of the URL.
pub(crate) fn from_url(url: &str) -> Result<MySqlConnectOptions, String> {
    crate::server::credentials_in_url::check(url)?;
    let (_, parameters) = url.split_once('?').unwrap_or((url, ""));
    let known = |parameter: &str| {
        let name = parameter.split('=').next().unwrap_or_default();
        PARAMETERS.contains(&name)
    };
    if !parameters.split('&').filter(|p| !p.is_empty()).all(known) {
        return Err(
            "a parameter of the URL is not understood; ssl-mode, ssl-ca, ssl-cert, ssl-key, charset, collation, socket, timezone and statement-cache-capacity are"
                .to_owned(),
        );
    }
    let options = MySqlConnectOptions::from_str(url).map_err(|_| {
        "expected mysql://user:password@host:3306/database, with special characters of the password written as %40 and the like (the value is not shown here)".to_owned()
    })?;
    let encrypted = matches!(
        options.get_ssl_mode(),
        MySqlSslMode::Required | MySqlSslMode::VerifyCa | MySqlSslMode::VerifyIdentity
    );
    if encrypted && !cfg!(feature = "tls") {
        return Err(
            "the URL asks for TLS (ssl-mode), which is not compiled in: switch on the feature `tls` of rustboot in Cargo.toml"
                .to_owned(),
        );
    }
    Ok(options.disable_statement_logging())
}

/// Host, port and database.
pub(crate) fn place(options: &MySqlConnectOptions) -> String {
    let database = options.get_database().unwrap_or_default();
    match options.get_socket() {
        Some(socket) => format!("{}/{database}", socket.display()),
        None => format!("{}:{}/{database}", options.get_host(), options.get_port()),
    }
}
