//! A server of some kind: from the installed program, else in a container.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustboot_core::{Error, ErrorKind, Result};
use rustboot_servers::{Postgres, Redis, ServerError};

use crate::claim::{self, Claim, Owner};
use crate::config::DevServicesConfig;
use crate::place;

/// What there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Postgres,
    Redis,
}

impl Kind {
    pub(crate) fn of(name: &str) -> Option<Self> {
        match name {
            "postgres" => Some(Self::Postgres),
            "redis" => Some(Self::Redis),
            _ => None,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::Redis => "Redis",
        }
    }

    const fn folder(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Redis => "redis",
        }
    }
}

/// A server that this process has, or one that another process of the application has.
#[derive(Debug)]
pub(crate) struct Started {
    pub(crate) url: String,
    pub(crate) description: String,
    /// Ends with this, in this order.
    pub(crate) running: Option<Running>,
}

/// Ends in this order: nobody is sent to the server any more, it ends, and only then somebody else may start one. The last two are
/// the order of the fields.
#[derive(Debug)]
pub(crate) struct Running {
    _server: Server,
    owner: Owner,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.owner.withdraw();
    }
}

#[derive(Debug)]
enum Server {
    Postgres(Postgres),
    Redis(Redis),
}

/// Starts one for an application, or finds the one that it has already. Blocks.
///
/// # Errors
/// Why there is none, and what to do.
pub(crate) fn start(
    kind: Kind,
    app: &str,
    key: &str,
    base: &Path,
    config: &DevServicesConfig,
) -> Result<Started> {
    let name = place::folder(app, base, config.folder.as_deref()).join(folder_of(kind, key));
    let failed = |error: std::io::Error| {
        Error::internal(format!("{} cannot be used", name.display())).with_source(error)
    };
    let owner = match claim::claim(&name).map_err(failed)? {
        Claim::Ours(owner) => owner,
        Claim::Theirs(url) => {
            let at = claim::address(&url).map_or(String::new(), |at| format!(" on {at}"));
            let description = format!(
                "{}{at}, of another process of {app}; it ends with that one",
                kind.name()
            );
            return Ok(Started {
                url,
                description,
                running: None,
            });
        }
    };
    let (server, how, data) = run(kind, &name, key, config)?;
    let url = url_for(&server, app)?;
    owner.publish(&url).map_err(failed)?;
    let at = claim::address(&url).map_or(String::new(), |at| format!(" on {at}"));
    let description = format!(
        "{}{how}{at}, data in {}",
        kind.name(),
        place::shown(&data, base)
    );
    Ok(Started {
        url,
        description,
        running: Some(Running {
            _server: server,
            owner,
        }),
    })
}

/// A database with a name has a server of its own: `postgres-reports` for `databases.reports.url`.
fn folder_of(kind: Kind, key: &str) -> String {
    let named = key.strip_prefix("databases.");
    let name = named.and_then(|rest| rest.strip_suffix(".url"));
    match name {
        Some(name) => format!("{}-{name}", kind.folder()),
        None => kind.folder().to_owned(),
    }
}

/// The server, what there is to say of where it is from, and where its data is.
fn run(
    kind: Kind,
    name: &Path,
    key: &str,
    config: &DevServicesConfig,
) -> Result<(Server, String, PathBuf)> {
    let missing = match from_program(kind, name) {
        Ok(server) => return Ok((server, String::new(), name.to_owned())),
        Err(ServerError::Closed { .. }) => {
            let data = place::of_root(name);
            let server = from_program(kind, &data);
            let server = server.map_err(|error| explained(&error, None, key))?;
            return Ok((server, String::new(), data));
        }
        Err(error @ ServerError::NotInstalled { .. }) if config.docker => error,
        Err(error) => return Err(explained(&error, None, key)),
    };
    let image = match kind {
        Kind::Postgres => &config.postgres_image,
        Kind::Redis => &config.redis_image,
    };
    let data = place::of_containers(name);
    let server = in_container(kind, &data, image);
    let server = server.map_err(|docker| explained(&missing, Some(&docker), key))?;
    Ok((server, format!(" from the image {image}"), data))
}

/// How long a server whose process was killed may still hold its data.
const RELEASE: Duration = Duration::from_secs(10);

const LOOK_AGAIN: Duration = Duration::from_millis(100);

fn from_program(kind: Kind, data: &Path) -> std::result::Result<Server, ServerError> {
    let began = Instant::now();
    loop {
        let started = match kind {
            Kind::Postgres => Postgres::options().data(data).start().map(Server::Postgres),
            Kind::Redis => Redis::options().data(data).start().map(Server::Redis),
        };
        match started {
            // It no longer listens, and is not gone yet.
            Err(ServerError::Ended { log, .. })
                if log.contains("postmaster.pid") && began.elapsed() < RELEASE =>
            {
                std::thread::sleep(LOOK_AGAIN);
            }
            started => return started,
        }
    }
}

fn in_container(kind: Kind, data: &Path, image: &str) -> std::result::Result<Server, ServerError> {
    match kind {
        Kind::Postgres => {
            let options = Postgres::options().data(data).image(image);
            options.start().map(Server::Postgres)
        }
        Kind::Redis => {
            let options = Redis::options().data(data).image(image);
            options.start().map(Server::Redis)
        }
    }
}

/// The URL for the application: in PostgreSQL, of a database that is called like it.
fn url_for(server: &Server, app: &str) -> Result<String> {
    match server {
        Server::Redis(redis) => Ok(redis.url()),
        Server::Postgres(postgres) => {
            let literal = app.replace('\'', "''");
            let there = format!("SELECT 1 FROM pg_database WHERE datname = '{literal}'");
            let there = postgres.execute(&there).map_err(refused)?;
            match there.is_empty() {
                true => postgres.create_database(app).map_err(refused),
                false => Ok(postgres.url_of(app)),
            }
        }
    }
}

fn refused(error: ServerError) -> Error {
    Error::new(ErrorKind::Unavailable, error.to_string())
}

/// What to do is another thing here than in a test.
fn explained(error: &ServerError, docker: Option<&ServerError>, key: &str) -> Error {
    let variable = match key {
        "database.url" => "DATABASE_URL",
        "redis.url" => "REDIS_URL",
        key => key,
    };
    let mut text = match error {
        ServerError::NotInstalled {
            server,
            program,
            places,
            install,
            ..
        } => {
            format!("{server} is not installed (found no `{program}` in {places})\nhelp: {install}")
        }
        other => other.to_string(),
    };
    match docker {
        Some(docker @ ServerError::Refused { .. }) => {
            text += &format!("\nhelp: or start a Docker engine; {docker}");
        }
        Some(docker) => text += &format!("\nin a container: {docker}"),
        None => {}
    }
    text += &format!("\nhelp: or set {variable} to the URL of one that runs");
    Error::new(ErrorKind::Unavailable, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn databases_with_names_have_folders_of_their_own() {
        assert_eq!(folder_of(Kind::Postgres, "database.url"), "postgres");
        assert_eq!(
            folder_of(Kind::Postgres, "databases.reports.url"),
            "postgres-reports"
        );
        assert_eq!(folder_of(Kind::Redis, "redis.url"), "redis");
    }
}
