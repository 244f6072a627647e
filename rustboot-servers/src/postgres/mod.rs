//! PostgreSQL: `initdb`, then `postgres`, below a directory of its own.

mod container;
mod psql;

use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Signal;

use crate::error::{Result, ServerError};
use crate::outside::{self, Origin, controls};
use crate::password;
use crate::program::Programs;
use crate::server::{Recipe, Server};
use crate::shared::Shared;
use crate::user::{self, User};
use psql::Psql;

const NAME: &str = "PostgreSQL";
const URL_VARIABLE: &str = "RUSTBOOT_TEST_POSTGRES_URL";
const PROGRAMS: Programs = Programs {
    server: NAME,
    names: &["postgres"],
    folders: &[
        "/usr/lib/postgresql/*/bin",
        "/usr/pgsql-*/bin",
        "/opt/homebrew/opt/postgresql@*/bin",
        "/usr/local/opt/postgresql@*/bin",
    ],
    install: "apt-get install postgresql (Debian, Ubuntu), dnf install postgresql-server (Fedora), brew install postgresql (macOS)",
    variable: URL_VARIABLE,
};

/// The superuser, and the database that is there from the start.
const USER: &str = "postgres";

/// For data that nobody needs after a crash of the machine. What was committed survives a kill of the server.
const FORGETFUL: &[(&str, &str)] = &[("fsync", "off"), ("full_page_writes", "off")];

/// `initdb` where there is no data yet, or a copy of another server's, which `PGHOST` and `PGPORT` name; then the server. The password comes by the environment, which is ours alone, and not
/// as an argument, which everybody can read.
const LAUNCH: &str = r#"
bin=$1 data=$2
shift 2
if [ -f "$data/PG_VERSION" ]; then
    :
elif [ -n "$PGHOST" ]; then
    "$bin/pg_basebackup" --pgdata="$data" --write-recovery-conf --checkpoint=fast --no-sync || exit
else
    printf '%s\n' "$RUSTBOOT_PASSWORD" | "$bin/initdb" --pgdata="$data" --username=postgres --pwfile=/dev/stdin \
        --auth-local=trust --auth-host=password --encoding=UTF8 --no-locale --no-sync --no-instructions || exit
fi
unset RUSTBOOT_PASSWORD PGHOST PGPORT PGUSER
exec "$bin/postgres" -D "$data" "$@"
"#;

/// What a [`Postgres`] starts with.
#[derive(Debug, Clone, Default)]
pub struct PostgresOptions {
    data: Option<PathBuf>,
    port: Option<u16>,
    settings: Vec<(String, String)>,
    image: Option<String>,
}

impl PostgresOptions {
    /// Keeps the data in this folder, which is made when it is not there. Without it the data is gone with the server. Data
    /// that is kept is also synced to the disk, as PostgreSQL does by default.
    ///
    /// The password is in the file `password` of the folder, for its owner alone.
    #[must_use]
    pub fn data(mut self, folder: impl Into<PathBuf>) -> Self {
        self.data = Some(folder.into());
        self
    }

    /// Listens on this port of 127.0.0.1, instead of a free one.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// A setting of `postgresql.conf`: `("max_connections", "50")`.
    #[must_use]
    pub fn set(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }

    /// Runs it in a container of a Docker engine, from this image (`postgres:17`), instead of from the installed program.
    #[must_use]
    pub fn image(mut self, image: impl Into<String>) -> Self {
        self.image = Some(image.into());
        self
    }

    /// Starts it, and waits until it takes connections.
    ///
    /// # Errors
    /// It is not installed, there is no Docker engine, or it does not start.
    pub fn start(self) -> Result<Postgres, ServerError> {
        match self.image.clone() {
            Some(image) => self.start_container(image),
            None => self.start_program(),
        }
    }

    fn start_program(self) -> Result<Postgres, ServerError> {
        let program = PROGRAMS.find()?;
        let user = User::for_server(NAME, &["postgres", "nobody"])?;
        let data = user::folder_for(self.data, user)?;
        let password = match &data {
            Some(folder) => password::kept_in(&folder.join("password"))?,
            None => password::random()?,
        };
        // A link in PATH may be alone there, without `initdb` and `psql`.
        let program = program
            .canonicalize()
            .map_err(ServerError::io(format!("cannot use {}", program.display())))?;
        let bin = program.parent().unwrap_or(Path::new("/")).to_owned();
        let recipe = Install {
            bin: bin.clone(),
            data: data.map(|folder| folder.join("data")),
            settings: self.settings,
            password: password.clone(),
            primary: None,
        };
        let server = Server::start(Box::new(recipe), user, self.port)?;
        Ok(Postgres {
            base: format!("postgres://{USER}:{password}@127.0.0.1:{}", server.port()),
            database: USER.to_owned(),
            query: String::new(),
            psql: Psql::Program(bin.join("psql")),
            user,
            origin: Origin::Here(server),
        })
    }
}

/// A PostgreSQL server. Dropping it ends it, and removes its data unless [`PostgresOptions::data`] keeps it.
pub struct Postgres {
    base: String,
    database: String,
    query: String,
    psql: Psql,
    user: Option<User>,
    origin: Origin,
}

impl Postgres {
    /// Starts one with a free port and data of its own, and waits until it takes connections: about a second.
    ///
    /// # Errors
    /// It is not installed, or does not start.
    pub fn start() -> Result<Self, ServerError> {
        Self::options().start()
    }

    /// For another port, settings, or data that is kept.
    pub fn options() -> PostgresOptions {
        PostgresOptions::default()
    }

    /// The one server of this process, for tests that do not stop or kill it: the first call starts it, and it ends with the
    /// process. With `RUSTBOOT_TEST_POSTGRES_URL` it is that one instead.
    ///
    /// # Errors
    /// It is not installed, or does not start. The next call tries again.
    pub fn shared() -> Result<&'static Self, ServerError> {
        static SHARED: Shared<Postgres> = Shared::new();
        SHARED.get(NAME, URL_VARIABLE, Self::elsewhere, Self::start)
    }

    fn elsewhere(url: String, origin: Origin) -> Self {
        let (rest, query) = url.split_once('?').unwrap_or((&url, ""));
        let (base, database) = outside::base_and_database(rest);
        Self {
            base: base.to_owned(),
            database: database.to_owned(),
            query: query.to_owned(),
            psql: Psql::Program(PathBuf::new()),
            user: None,
            origin,
        }
    }

    /// `postgres://USER:PASSWORD@127.0.0.1:PORT/postgres`: the superuser, in the database that is there from the start.
    pub fn url(&self) -> String {
        self.url_of(&self.database)
    }

    /// The URL of another database of this server.
    pub fn url_of(&self, database: &str) -> String {
        let Self { base, query, .. } = self;
        match query.as_str() {
            "" => format!("{base}/{database}"),
            query => format!("{base}/{database}?{query}"),
        }
    }

    /// The port, if it was started here.
    pub fn port(&self) -> Option<u16> {
        Some(self.origin.server().ok()?.port())
    }

    /// The folder of its Unix socket, which needs no password and which only its own user may enter, if it was started here.
    pub fn socket_folder(&self) -> Option<&Path> {
        Some(self.origin.server().ok()?.run())
    }

    /// Starts a replica of all of its databases, which follows it by streaming replication and can be read from. It has the same
    /// password.
    ///
    /// # Errors
    /// It does not run or was not started here from an installed program, or the replica does not start.
    pub fn replica(&self) -> Result<Self, ServerError> {
        let primary = self.origin.server()?;
        let Psql::Program(psql) = &self.psql else {
            return Err(ServerError::Refused {
                doing: "cannot start a replica of PostgreSQL".to_owned(),
                answer: "it is in a container".to_owned(),
            });
        };
        let recipe = Install {
            bin: psql.parent().unwrap_or(Path::new("/")).to_owned(),
            data: None,
            settings: Vec::new(),
            password: String::new(),
            primary: Some((primary.run().to_owned(), primary.port())),
        };
        let server = Server::start(Box::new(recipe), self.user, None)?;
        let base = self.base.trim_end_matches(|c: char| c.is_ascii_digit());
        Ok(Self {
            base: format!("{base}{}", server.port()),
            database: self.database.clone(),
            query: String::new(),
            psql: Psql::Program(psql.clone()),
            user: self.user,
            origin: Origin::Here(server),
        })
    }

    /// Makes an empty database, and returns its URL.
    ///
    /// # Errors
    /// There is one of that name, the server does not run or was not started here.
    pub fn create_database(&self, name: &str) -> Result<String, ServerError> {
        self.execute(&format!(
            "CREATE DATABASE \"{}\"",
            name.replace('"', "\"\"")
        ))?;
        Ok(self.url_of(name))
    }
}

controls!(Postgres);

/// Without the password.
impl std::fmt::Debug for Postgres {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Postgres")
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

struct Install {
    bin: PathBuf,
    data: Option<PathBuf>,
    settings: Vec<(String, String)>,
    password: String,
    /// The folder of its socket, and its port.
    primary: Option<(PathBuf, u16)>,
}

impl Install {
    fn data(&self, run: &Path) -> PathBuf {
        self.data.clone().unwrap_or_else(|| run.join("data"))
    }
}

impl Recipe for Install {
    fn name(&self) -> &'static str {
        NAME
    }

    fn command(&self, port: u16, run: &Path) -> Command {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", LAUNCH, "postgres"])
            .arg(&self.bin)
            .arg(self.data(run))
            .env("RUSTBOOT_PASSWORD", &self.password);
        without_libpq_variables(&mut command);
        if let Some((host, port)) = &self.primary {
            command
                .env("PGHOST", host)
                .env("PGPORT", port.to_string())
                .env("PGUSER", USER);
        }
        let own = [
            ("listen_addresses", "127.0.0.1".to_owned()),
            ("port", port.to_string()),
            ("unix_socket_directories", run.display().to_string()),
            ("max_connections", "300".to_owned()),
            ("timezone", "UTC".to_owned()),
            ("log_timezone", "UTC".to_owned()),
        ];
        let forgetful = FORGETFUL.iter().filter(|_| self.data.is_none());
        let settings = own
            .into_iter()
            .chain(forgetful.map(|(name, value)| (*name, (*value).to_owned())))
            .map(|(name, value)| format!("{name}={value}"))
            .chain(
                self.settings
                    .iter()
                    .map(|(name, value)| format!("{name}={value}")),
            );
        for setting in settings {
            command.arg("-c").arg(setting);
        }
        command
    }

    /// What `pg_ctl` looks at: the lines of the pid file.
    fn is_ready(&self, pid: u32, port: u16, run: &Path) -> bool {
        let file = std::fs::read_to_string(self.data(run).join("postmaster.pid"));
        let lines: Vec<&str> = file.as_deref().unwrap_or("").lines().collect();
        // After a kill the file of the old server is there until the new one has written its own.
        matches!(lines.as_slice(), [of, _, _, at, _, _, _, status, ..]
            if *of == pid.to_string() && *at == port.to_string() && status.trim_end() == "ready")
    }

    fn stop_signal(&self) -> Signal {
        // A fast shutdown: it rolls back what runs, and waits for no client.
        Signal::INT
    }

    fn keeps_data(&self) -> bool {
        self.data.is_some()
    }
}

/// `PGPORT` and its like are about other servers.
fn without_libpq_variables(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("PG")) {
            command.env_remove(name);
        }
    }
}
