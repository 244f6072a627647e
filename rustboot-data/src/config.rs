//! `[database]`.

use std::time::Duration;

use rustboot_core::Secret;
use rustboot_core::config::{Describe, Field, Properties};
use rustboot_core::source::Location;
use serde::Deserialize;

/// One database and its pool.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct DatabaseConfig {
    /// Where it is: `sqlite:data/app.db`, relative to the application's folder. A secret, since it may hold a password.
    /// Without one, SQLite opens `data/{app}.db` in dev and test.
    pub url: Option<Secret<String>>,
    /// How many connections there may be. Default 10.
    pub max_connections: u32,
    /// How long a request waits for a free connection before it is answered with 503. Default 5 s.
    pub acquire_timeout: Duration,
    /// How long the start waits for the database, and for its turn to migrate. Default 30 s.
    pub connect_timeout: Duration,
    /// How long one statement may run. Default: as long as it takes.
    pub statement_timeout: Option<Duration>,
    /// From when on a statement is logged as slow. Default 200 ms.
    pub slow_query: Duration,
    /// Whether the start runs the migrations; `app migrate` always does. Default true.
    pub migrate: bool,
}

impl Default for DatabaseConfig {
    fn default() -> Self {
        Self {
            url: None,
            max_connections: 10,
            acquire_timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(30),
            statement_timeout: None,
            slow_query: Duration::from_millis(200),
            migrate: true,
        }
    }
}

impl Describe for DatabaseConfig {
    fn fields() -> Vec<Field> {
        vec![
            Field::new(
                "url",
                "Secret<String>",
                "Where the database is: `sqlite:data/app.db`. Without it, SQLite opens `data/{app}.db` in dev and test.",
            ).typed::<Secret<String>>().restart()
            .optional(true)
            .secret(true),
            Field::new("max_connections", "u32", "How many connections there may be.").typed::<u32>().restart()
                .default_text("10"),
            Field::new(
                "acquire_timeout",
                "Duration",
                "How long a request waits for a free connection before it is answered with 503.",
            ).typed::<Duration>().restart()
            .default_text("5s"),
            Field::new(
                "connect_timeout",
                "Duration",
                "How long the start waits for the database, and for its turn to migrate.",
            ).typed::<Duration>().restart()
            .default_text("30s"),
            Field::new(
                "statement_timeout",
                "Duration",
                "How long one statement may run; without it, as long as it takes.",
            ).typed::<Duration>().restart()
            .optional(true),
            Field::new(
                "slow_query",
                "Duration",
                "From when on a statement is logged as slow.",
            ).typed::<Duration>().restart()
            .default_text("200ms"),
            Field::new(
                "migrate",
                "bool",
                "Whether the start runs the migrations; `app migrate` always does.",
            ).typed::<bool>().restart()
            .default_text("true"),
        ]
    }
}

impl Properties for DatabaseConfig {
    const PREFIX: &'static str = "database";
    const NAME: &'static str = "DatabaseConfig";
    const LOCATION: Location = Location::new(file!(), line!());

    fn check(&self, problems: &mut Vec<(String, String)>) {
        let mut problem = |key: &str, message: String| problems.push((key.to_owned(), message));
        if let Some(url) = &self.url
            && let Err(message) = check_url(url.expose_secret())
        {
            problem("url", message);
        }
        if self.max_connections == 0 {
            problem("max_connections", "expected at least 1".to_owned());
        }
        if self.statement_timeout == Some(Duration::ZERO) {
            problem(
                "statement_timeout",
                "expected more than 0; leave it out for no limit".to_owned(),
            );
        }
    }
}

/// Whether this build can open such a URL. No message repeats any part of it but a scheme that we know.
fn check_url(url: &str) -> Result<(), String> {
    let not_compiled_in = |name: &str, feature: &str| {
        let compiled_in = if cfg!(feature = "sqlite") {
            "only sqlite is"
        } else {
            "no database is"
        };
        Err(format!(
            "a URL of {name}, which is not compiled in ({compiled_in}): switch on the feature `{feature}` of rustboot in Cargo.toml"
        ))
    };
    let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
    match scheme.to_ascii_lowercase().as_str() {
        "sqlite" => check_sqlite(url),
        "postgres" | "postgresql" => not_compiled_in("PostgreSQL", "postgres"),
        "mysql" | "mariadb" => not_compiled_in("MySQL", "mysql"),
        _ => Err(
            "expected a database URL such as sqlite:data/app.db (the value is not shown here)"
                .to_owned(),
        ),
    }
}

#[cfg(feature = "sqlite")]
fn check_sqlite(url: &str) -> Result<(), String> {
    crate::sqlite::Target::from_url(url, std::path::Path::new(".")).map(|_| ())
}

#[cfg(not(feature = "sqlite"))]
fn check_sqlite(_url: &str) -> Result<(), String> {
    Err("a URL of SQLite, which is not compiled in: switch on the feature `sqlite` of rustboot in Cargo.toml".to_owned())
}
