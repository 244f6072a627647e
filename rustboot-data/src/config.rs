//! `[database]` and `[databases.NAME]`.

use std::collections::BTreeMap;
use std::time::Duration;

use rustboot_core::Secret;
use rustboot_core::config::{Describe, Field, Properties};
use rustboot_core::source::Location;
use serde::Deserialize;

/// One database and its pool.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct DatabaseConfig {
    /// Where it is: `postgres://user:password@host:5432/name`, `mysql://…`, or `sqlite:data/app.db`, relative to the application's
    /// folder. A secret, since it may hold a password. Without one, SQLite opens `data/{app}.db` in dev and test.
    pub url: Option<Secret<String>>,
    /// How many connections there may be. Default 10.
    pub max_connections: u32,
    /// How long a request waits for a free connection before it is answered with 503. Default 5 s.
    pub acquire_timeout: Duration,
    /// How long the start waits for the database, and for its turn to migrate. Default 30 s.
    pub connect_timeout: Duration,
    /// How long one statement may run until it is cut off and its request answered with 503. Default: as long as it takes.
    pub statement_timeout: Option<Duration>,
    /// From when on a statement is logged as slow. Default 200 ms.
    pub slow_query: Duration,
    /// Whether the start runs the migrations; `app migrate` always does. Default true.
    pub migrate: bool,
    /// URLs of copies to read from (`read()`). Default: none.
    pub replicas: Vec<Secret<String>>,
    /// How far a replica may be behind and still be read from. Default 5 s.
    pub max_replica_lag: Duration,
}

/// What stands behind a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
    MySql,
}

impl Kind {
    /// By the scheme of a URL.
    fn of(url: &str) -> Option<Self> {
        let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
        match scheme.to_ascii_lowercase().as_str() {
            "sqlite" => Some(Self::Sqlite),
            "postgres" | "postgresql" => Some(Self::Postgres),
            "mysql" | "mariadb" => Some(Self::MySql),
            _ => None,
        }
    }

    /// For people.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
            Self::MySql => "MySQL",
        }
    }

    /// The cargo feature, and the folder of its migrations.
    pub(crate) const fn feature(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::MySql => "mysql",
        }
    }

    const fn is_compiled_in(self) -> bool {
        match self {
            Self::Sqlite => cfg!(feature = "sqlite"),
            Self::Postgres => cfg!(feature = "postgres"),
            Self::MySql => cfg!(feature = "mysql"),
        }
    }

    /// How to set a URL of it.
    pub(crate) const fn help(self) -> &'static str {
        match self {
            Self::Sqlite => {
                "help: set DATABASE_URL, for example to sqlite:/data/app.db, or put a file named database_url in /run/secrets"
            }
            Self::Postgres => {
                "help: set DATABASE_URL, for example to postgres://user:password@localhost:5432/name, or put a file named database_url in /run/secrets"
            }
            Self::MySql => {
                "help: set DATABASE_URL, for example to mysql://user:password@localhost:3306/name, or put a file named database_url in /run/secrets"
            }
        }
    }
}

impl DatabaseConfig {
    /// What the URL is one of; `None` without a URL.
    pub(crate) fn kind(&self) -> Option<Kind> {
        Kind::of(self.url.as_ref()?.expose_secret())
    }
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
            replicas: Vec::new(),
            max_replica_lag: Duration::from_secs(5),
        }
    }
}

impl Describe for DatabaseConfig {
    fn fields() -> Vec<Field> {
        vec![
            Field::new(
                "url",
                "Secret<String>",
                "Where the database is: `postgres://user:password@host:5432/name`, `mysql://…`, `sqlite:data/app.db`. Without it, SQLite opens `data/{app}.db` in dev and test.",
            ).typed::<Secret<String>>()
            .optional(true)
            .secret(true),
            Field::new("max_connections", "u32", "How many connections there may be.").typed::<u32>()
                .default_text("10"),
            Field::new(
                "acquire_timeout",
                "Duration",
                "How long a request waits for a free connection before it is answered with 503.",
            ).typed::<Duration>()
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
            ).typed::<Duration>()
            .optional(true),
            Field::new(
                "slow_query",
                "Duration",
                "From when on a statement is logged as slow.",
            ).typed::<Duration>()
            .default_text("200ms"),
            Field::new(
                "migrate",
                "bool",
                "Whether the start runs the migrations; `app migrate` always does.",
            ).typed::<bool>().restart()
            .default_text("true"),
            Field::new(
                "replicas",
                "Vec<Secret<String>>",
                "URLs of copies to read from (`read()`).",
            ).typed::<Vec<Secret<String>>>()
            .default_list(&[])
            .secret(true),
            Field::new(
                "max_replica_lag",
                "Duration",
                "How far a replica may be behind and still be read from.",
            ).typed::<Duration>()
            .default_text("5s"),
        ]
    }
}

impl Properties for DatabaseConfig {
    const PREFIX: &'static str = "database";
    const NAME: &'static str = "DatabaseConfig";
    const LOCATION: Location = Location::new(file!(), line!());

    fn check(&self, problems: &mut Vec<(String, String)>) {
        self.check_below("", problems);
    }
}

impl DatabaseConfig {
    fn check_below(&self, prefix: &str, problems: &mut Vec<(String, String)>) {
        let mut problem =
            |key: &str, message: String| problems.push((format!("{prefix}{key}"), message));
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
        for (index, url) in self.replicas.iter().enumerate() {
            let url = url.expose_secret();
            let number = index + 1;
            if Kind::of(url) != self.kind() || self.kind() == Some(Kind::Sqlite) {
                problem(
                    "replicas",
                    format!(
                        "number {number} is no URL of the kind that the primary has (SQLite has no replicas)"
                    ),
                );
            } else if let Err(message) = check_url(url) {
                problem("replicas", format!("number {number}: {message}"));
            }
        }
    }
}

/// `[databases.NAME]`: further databases, each with all keys of `[database]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct DatabasesConfig(BTreeMap<String, DatabaseConfig>);

impl DatabasesConfig {
    /// The one of that name.
    pub fn of(&self, name: &str) -> Option<&DatabaseConfig> {
        self.0.get(name)
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &DatabaseConfig)> {
        self.0.iter().map(|(name, config)| (name.as_str(), config))
    }
}

impl Describe for DatabasesConfig {
    fn fields() -> Vec<Field> {
        Vec::new()
    }

    fn entries() -> Option<Vec<Field>> {
        Some(DatabaseConfig::fields())
    }
}

impl Properties for DatabasesConfig {
    const PREFIX: &'static str = "databases";
    const NAME: &'static str = "DatabasesConfig";
    const LOCATION: Location = Location::new(file!(), line!());

    fn check(&self, problems: &mut Vec<(String, String)>) {
        for (name, config) in self.iter() {
            // Below `migrations/` these folders are for a kind of database.
            if ["sqlite", "postgres", "mysql"].contains(&name) {
                problems.push((
                    name.to_owned(),
                    format!("a database cannot be called `{name}`: migrations/{name} is for all databases of that kind"),
                ));
            }
            config.check_below(&format!("{name}."), problems);
        }
    }
}

/// Whether this build can open such a URL. No message repeats any part of it but a scheme that we know.
fn check_url(url: &str) -> Result<(), String> {
    let Some(kind) = Kind::of(url) else {
        return Err(
            "expected a database URL such as postgres://user:password@localhost:5432/name or sqlite:data/app.db (the value is not shown here)"
                .to_owned(),
        );
    };
    if !kind.is_compiled_in() {
        let compiled_in: Vec<&str> = [Kind::Sqlite, Kind::Postgres, Kind::MySql]
            .into_iter()
            .filter(|kind| kind.is_compiled_in())
            .map(Kind::feature)
            .collect();
        let compiled_in = match compiled_in.as_slice() {
            [] => "no database is".to_owned(),
            [one] => format!("only {one} is"),
            several => format!("{} are", several.join(" and ")),
        };
        return Err(format!(
            "a URL of {}, which is not compiled in ({compiled_in}): switch on the feature `{}` of rustboot in Cargo.toml",
            kind.name(),
            kind.feature()
        ));
    }
    match kind {
        #[cfg(feature = "sqlite")]
        Kind::Sqlite => crate::sqlite::Target::from_url(url, std::path::Path::new(".")).map(|_| ()),
        #[cfg(feature = "postgres")]
        Kind::Postgres => crate::postgres::target::from_url(url).map(|_| ()),
        #[cfg(feature = "mysql")]
        Kind::MySql => crate::mysql::target::from_url(url).map(|_| ()),
        #[allow(
            unreachable_patterns,
            reason = "with every database compiled in there is no other"
        )]
        _ => Ok(()),
    }
}
