//! MariaDB: `mariadb-install-db`, then `mariadbd`, below a directory of its own.

use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;

use crate::client;
use crate::error::{Result, ServerError};
use crate::outside::{self, Origin, controls};
use crate::password;
use crate::program::Programs;
use crate::server::{Recipe, Server};
use crate::shared::Shared;
use crate::user::User;

const NAME: &str = "MariaDB";
const URL_VARIABLE: &str = "RUSTBOOT_TEST_MYSQL_URL";
const INSTALL: &str = "apt-get install mariadb-server (Debian, Ubuntu), dnf install mariadb-server (Fedora), brew install mariadb (macOS)";
const FOLDERS: &[&str] = &["/usr/sbin", "/opt/homebrew/bin", "/usr/local/bin"];

const fn program(names: &'static [&'static str]) -> Programs {
    Programs {
        server: NAME,
        names,
        folders: FOLDERS,
        install: INSTALL,
        variable: URL_VARIABLE,
    }
}

const SERVER: Programs = program(&["mariadbd"]);
const INSTALLER: Programs = program(&["mariadb-install-db"]);
const CLIENT: Programs = program(&["mariadb"]);

/// The installation makes `root` without a password; the file gives it one before anybody can connect.
const LAUNCH: &str = r#"
server=$1 installer=$2 run=$3
shift 3
mkdir -p "$run/tmp" || exit
if [ ! -d "$run/data" ]; then
    "$installer" --no-defaults --datadir="$run/data" --tmpdir="$run/tmp" \
        --auth-root-authentication-method=normal --skip-test-db || exit
fi
printf "ALTER USER root@localhost IDENTIFIED BY '%s';\nALTER USER root@127.0.0.1 IDENTIFIED BY '%s';\n" \
    "$RUSTBOOT_PASSWORD" "$RUSTBOOT_PASSWORD" >"$run/init.sql" || exit
unset RUSTBOOT_PASSWORD
exec "$server" --no-defaults --datadir="$run/data" --tmpdir="$run/tmp" --socket="$run/mariadb.sock" \
    --pid-file="$run/mariadb.pid" --init-file="$run/init.sql" "$@"
"#;

/// What a [`MariaDb`] starts with.
#[derive(Debug, Clone, Default)]
pub struct MariaDbOptions {
    port: Option<u16>,
    settings: Vec<(String, String)>,
}

impl MariaDbOptions {
    /// Listens on this port of 127.0.0.1, instead of a free one.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// A setting of `my.cnf`: `("max_connections", "50")`.
    #[must_use]
    pub fn set(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }

    /// Starts it, and waits until it takes connections.
    ///
    /// # Errors
    /// It is not installed, or does not start.
    pub fn start(self) -> Result<MariaDb, ServerError> {
        let recipe = Install {
            server: SERVER.find()?,
            installer: INSTALLER.find()?,
            settings: self.settings,
            password: password::random()?,
        };
        let client = CLIENT.find()?;
        let password = recipe.password.clone();
        let user = User::for_server(NAME, &["mysql", "nobody"])?;
        let server = Server::start(Box::new(recipe), user, self.port)?;
        Ok(MariaDb {
            base: format!("mysql://root:{password}@127.0.0.1:{}", server.port()),
            database: "mysql".to_owned(),
            password,
            client,
            origin: Origin::Here(server),
        })
    }
}

/// A MariaDB server. Dropping it ends it and removes its data.
pub struct MariaDb {
    base: String,
    database: String,
    password: String,
    client: PathBuf,
    origin: Origin,
}

impl MariaDb {
    /// Starts one with a free port and data of its own, and waits until it takes connections: some seconds.
    ///
    /// # Errors
    /// It is not installed, or does not start.
    pub fn start() -> Result<Self, ServerError> {
        Self::options().start()
    }

    /// For another port or settings.
    pub fn options() -> MariaDbOptions {
        MariaDbOptions::default()
    }

    /// The one server of this process, for tests that do not stop or kill it: the first call starts it, and it ends with the
    /// process. With `RUSTBOOT_TEST_MYSQL_URL` it is that one instead.
    ///
    /// # Errors
    /// It is not installed, or does not start. The next call tries again.
    pub fn shared() -> Result<&'static Self, ServerError> {
        static SHARED: Shared<MariaDb> = Shared::new();
        SHARED.get(NAME, URL_VARIABLE, Self::elsewhere, Self::start)
    }

    fn elsewhere(url: String, origin: Origin) -> Self {
        let (base, database) = outside::base_and_database(&url);
        Self {
            base: base.to_owned(),
            database: database.to_owned(),
            password: String::new(),
            client: PathBuf::new(),
            origin,
        }
    }

    /// `mysql://root:PASSWORD@127.0.0.1:PORT/mysql`: root, in the database that is there from the start.
    pub fn url(&self) -> String {
        self.url_of(&self.database)
    }

    /// The URL of another database of this server.
    pub fn url_of(&self, database: &str) -> String {
        format!("{}/{database}", self.base)
    }

    /// The port, if it was started here.
    pub fn port(&self) -> Option<u16> {
        Some(self.origin.server().ok()?.port())
    }

    /// Makes an empty database, and returns its URL.
    ///
    /// # Errors
    /// There is one of that name, the server does not run or was not started here.
    pub fn create_database(&self, name: &str) -> Result<String, ServerError> {
        self.execute(&format!("CREATE DATABASE `{}`", name.replace('`', "``")))?;
        Ok(self.url_of(name))
    }

    /// Runs a statement as root with the `mariadb` client, for what a test has to prepare without a client of its own.
    /// Returns what it prints: a row a line, columns with a tab between them.
    ///
    /// # Errors
    /// The statement is wrong, the server does not run or was not started here.
    pub fn execute(&self, sql: &str) -> Result<String, ServerError> {
        let server = self.origin.server()?;
        let mut client = Command::new(&self.client);
        client
            .args([
                "--no-defaults",
                "--batch",
                "--skip-column-names",
                "--user=root",
            ])
            .arg(format!(
                "--socket={}",
                server.run().join("mariadb.sock").display()
            ))
            .args(["-e", sql])
            .env("MYSQL_PWD", &self.password);
        client::run(client, sql)
    }
}

controls!(MariaDb);

/// Without the password.
impl std::fmt::Debug for MariaDb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MariaDb")
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

struct Install {
    server: PathBuf,
    installer: PathBuf,
    settings: Vec<(String, String)>,
    password: String,
}

impl Recipe for Install {
    fn name(&self) -> &'static str {
        NAME
    }

    fn command(&self, port: u16, run: &Path) -> Command {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", LAUNCH, "mariadb"])
            .arg(&self.server)
            .arg(&self.installer)
            .arg(run)
            .args(["--bind-address=127.0.0.1", "--skip-name-resolve"])
            .arg(format!("--port={port}"))
            .args([
                "--innodb-flush-log-at-trx-commit=0",
                "--innodb-buffer-pool-size=32M",
                "--innodb-log-file-size=16M",
                "--default-time-zone=+00:00",
            ])
            .args(
                self.settings
                    .iter()
                    .map(|(name, value)| format!("--{name}={value}")),
            )
            .env("RUSTBOOT_PASSWORD", &self.password);
        command
    }

    /// It greets with a packet of its own. The port is open only after the init file.
    fn is_ready(&self, _pid: u32, port: u16, _run: &Path) -> bool {
        let limit = Duration::from_secs(1);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        TcpStream::connect_timeout(&address, limit)
            .and_then(|mut stream| {
                stream.set_read_timeout(Some(limit))?;
                stream.read_exact(&mut [0; 5])
            })
            .is_ok()
    }

    fn stop_signal(&self) -> Signal {
        Signal::TERM
    }

    fn keeps_data(&self) -> bool {
        false
    }
}
