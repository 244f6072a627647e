//! Databases that are servers: what [`PgDb`](crate::PgDb) and [`MySqlDb`](crate::MySqlDb) have in common, replicas included.

pub(crate) mod credentials_in_url;
mod database;
mod replicas;

pub(crate) use database::server_database;
pub(crate) use replicas::{Replica, Replicas};

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use rustboot_core::{Error, ErrorKind, Result, Secret};

use crate::config::DatabaseConfig;
use crate::pool::{Driver, Policy};

/// The limits of the pool of a server.
pub(crate) fn policy<DB: Driver>(config: &DatabaseConfig, name: &str) -> Policy {
    Policy {
        name: name.to_owned(),
        max_connections: config.max_connections as usize,
        acquire_timeout: config.acquire_timeout,
        connect_timeout: config.connect_timeout,
        statement_timeout: config.statement_timeout,
        slow_query: config.slow_query,
        validate_after: DB::VALIDATE_AFTER,
    }
}

/// Where one server is.
#[derive(Debug, Clone)]
pub(crate) struct Address<O> {
    pub(crate) options: O,
    /// Tells whether the URL changed: a new password counts.
    pub(crate) mark: u64,
}

/// What a configuration says of where a server and its replicas are.
#[derive(Debug, Clone)]
pub(crate) struct Addresses<O> {
    pub(crate) primary: Address<O>,
    pub(crate) replicas: Vec<Address<O>>,
}

impl<O> Addresses<O> {
    /// Reads the URLs of a section.
    ///
    /// # Errors
    /// Which key is wrong, and why. No part of a URL is repeated.
    pub(crate) fn of(
        config: &DatabaseConfig,
        section: &str,
        read: impl Fn(&str) -> std::result::Result<O, String>,
    ) -> Result<Self> {
        let read = |key: &str, url: &Secret<String>| {
            let url = url.expose_secret();
            let options = read(url).map_err(|message| wrong(section, key, &message))?;
            Ok(Address {
                options,
                mark: mark(url),
            })
        };
        let Some(url) = &config.url else {
            return Err(wrong(section, "url", "required, and not set"));
        };
        let replicas = config.replicas.iter();
        Ok(Self {
            primary: read("url", url)?,
            replicas: replicas
                .map(|url| read("replicas", url))
                .collect::<Result<_>>()?,
        })
    }
}

fn wrong(section: &str, key: &str, message: &str) -> Error {
    Error::new(
        ErrorKind::Configuration,
        format!("{section}.{key}: {message}"),
    )
}

/// A text of which only whether it changed is kept.
fn mark(secret: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    secret.hash(&mut hasher);
    hasher.finish()
}
