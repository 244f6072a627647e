//! `[redis]`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rustboot_core::Secret;
use rustboot_core::config::{Describe, Field, Properties};
use rustboot_core::source::Location;
use serde::Deserialize;

use super::target::Target;

/// Where Redis is, and how much of it the application takes.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct RedisConfig {
    /// Where it is: `redis://user:password@host:6379/0`, `rediss://…` for TLS, `redis+sentinel://host1,host2/master`,
    /// `redis+cluster://host1,host2`. A secret, since it may hold a password.
    pub url: Option<Secret<String>>,
    /// The user, instead of one in the URL.
    pub username: Option<String>,
    /// The password, instead of one in the URL.
    pub password: Option<Secret<String>>,
    /// The user that Sentinels let in, when they want one. It is not that of Redis.
    pub sentinel_username: Option<String>,
    /// The password that Sentinels want.
    pub sentinel_password: Option<Secret<String>>,
    /// What stands in front of every key and channel that the framework makes (cache, locks, pub/sub). Default: the name of
    /// the application and a colon.
    pub key_prefix: Option<String>,
    /// How long one command may take before its request is answered with 503. Default 1 s.
    pub command_timeout: Duration,
    /// How many commands may wait for their answers at once; further ones are answered with 503. Default 10000.
    pub max_in_flight: usize,
    /// How many connections there may be for commands that need one of their own. Default 10.
    pub max_connections: usize,
    /// How long a request waits for a connection of its own before it is answered with 503. Default 5 s.
    pub acquire_timeout: Duration,
    /// How long the start waits for Redis. Default 30 s.
    pub connect_timeout: Duration,
    /// From when on a command is logged as slow. Default 100 ms.
    pub slow_command: Duration,
    /// Whether the application is of no use without Redis: then the start waits for it, and `/ready` answers 503 while it is
    /// down. Default true.
    pub critical: bool,
    /// A PEM file with the authorities that may have signed the certificate of the server. Default: those of the system.
    pub tls_ca: Option<PathBuf>,
    /// A PEM file with the certificate that we show to the server.
    pub tls_certificate: Option<PathBuf>,
    /// The key of that certificate.
    pub tls_key: Option<PathBuf>,
}

impl Default for RedisConfig {
    fn default() -> Self {
        Self {
            url: None,
            username: None,
            password: None,
            sentinel_username: None,
            sentinel_password: None,
            key_prefix: None,
            // A thousand times what a command takes. Whoever waits longer waits for a server that is away.
            command_timeout: Duration::from_secs(1),
            max_in_flight: 10_000,
            max_connections: 10,
            acquire_timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(30),
            slow_command: Duration::from_millis(100),
            critical: true,
            tls_ca: None,
            tls_certificate: None,
            tls_key: None,
        }
    }
}

impl RedisConfig {
    /// The same, with paths that start in the application's folder, as all of the configuration do.
    pub(super) fn in_folder(&self, base: &Path) -> Self {
        let mut config = self.clone();
        for path in [
            &mut config.tls_ca,
            &mut config.tls_certificate,
            &mut config.tls_key,
        ] {
            *path = path.take().map(|path| base.join(path));
        }
        config
    }
}

impl Describe for RedisConfig {
    fn fields() -> Vec<Field> {
        vec![
            Field::new(
                "url",
                "Secret<String>",
                "Where Redis is: `redis://user:password@host:6379/0`, `rediss://…` (TLS), `redis+sentinel://host1,host2/master`, `redis+cluster://host1,host2`.",
            )
            .typed::<Secret<String>>()
            .optional(true)
            .secret(true),
            Field::new("username", "String", "The user, instead of one in the URL.")
                .typed::<String>()
                .optional(true),
            Field::new("password", "Secret<String>", "The password, instead of one in the URL.")
                .typed::<Secret<String>>()
                .optional(true)
                .secret(true),
            Field::new(
                "sentinel_username",
                "String",
                "The user that Sentinels let in, when they want one.",
            )
            .typed::<String>()
            .optional(true),
            Field::new(
                "sentinel_password",
                "Secret<String>",
                "The password that Sentinels want.",
            )
            .typed::<Secret<String>>()
            .optional(true)
            .secret(true),
            Field::new(
                "key_prefix",
                "String",
                "What stands in front of every key and channel that the framework makes. Without it, the name of the application and a colon.",
            )
            .typed::<String>()
            .restart()
            .optional(true),
            Field::new(
                "command_timeout",
                "Duration",
                "How long one command may take before its request is answered with 503.",
            )
            .typed::<Duration>()
            .default_text("1s"),
            Field::new(
                "max_in_flight",
                "usize",
                "How many commands may wait for their answers at once; further ones are answered with 503.",
            )
            .typed::<usize>()
            .default_text("10000"),
            Field::new(
                "max_connections",
                "usize",
                "How many connections there may be for commands that need one of their own.",
            )
            .typed::<usize>()
            .default_text("10"),
            Field::new(
                "acquire_timeout",
                "Duration",
                "How long a request waits for a connection of its own before it is answered with 503.",
            )
            .typed::<Duration>()
            .default_text("5s"),
            Field::new(
                "connect_timeout",
                "Duration",
                "How long the start waits for Redis.",
            )
            .typed::<Duration>()
            .restart()
            .default_text("30s"),
            Field::new(
                "slow_command",
                "Duration",
                "From when on a command is logged as slow.",
            )
            .typed::<Duration>()
            .default_text("100ms"),
            Field::new(
                "critical",
                "bool",
                "Whether the application is of no use without Redis: the start waits for it, and `/ready` answers 503 while it is down.",
            )
            .typed::<bool>()
            .restart()
            .default_text("true"),
            Field::new(
                "tls_ca",
                "PathBuf",
                "A PEM file with the authorities that may have signed the server's certificate; without it, those of the system.",
            )
            .typed::<PathBuf>()
            .optional(true),
            Field::new(
                "tls_certificate",
                "PathBuf",
                "A PEM file with the certificate that we show to the server.",
            )
            .typed::<PathBuf>()
            .optional(true),
            Field::new("tls_key", "PathBuf", "The key of that certificate.")
                .typed::<PathBuf>()
                .optional(true),
        ]
    }
}

impl Properties for RedisConfig {
    const PREFIX: &'static str = "redis";
    const NAME: &'static str = "RedisConfig";
    const LOCATION: Location = Location::new(file!(), line!());

    fn check(&self, problems: &mut Vec<(String, String)>) {
        let mut problem =
            |key: &str, message: &str| problems.push((key.to_owned(), message.to_owned()));
        if self.url.is_some()
            && let Err(message) = Target::of(self)
        {
            problem("url", &message);
        }
        if self.command_timeout.is_zero() {
            problem("command_timeout", "expected more than 0");
        }
        if self.max_in_flight == 0 {
            problem("max_in_flight", "expected at least 1");
        }
        if self.max_connections == 0 {
            problem("max_connections", "expected at least 1");
        }
        if self.tls_certificate.is_some() != self.tls_key.is_some() {
            problem(
                "tls_certificate",
                "a certificate needs its key, and a key its certificate: set tls_certificate and tls_key, or neither",
            );
        }
        if self
            .key_prefix
            .as_ref()
            .is_some_and(|prefix| prefix.contains(['{', '}']))
        {
            problem(
                "key_prefix",
                "expected no braces: in a cluster they decide where a key lives",
            );
        }
    }
}
