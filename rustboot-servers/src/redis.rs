//! Redis (or Valkey): without persistence unless its data is to be kept.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;

use crate::container::{self, Container};
use crate::error::{Result, ServerError};
use crate::outside::{Origin, controls};
use crate::password;
use crate::program::Programs;
use crate::server::{Recipe, Server};
use crate::shared::Shared;
use crate::user::{self, User};

const NAME: &str = "Redis";
const URL_VARIABLE: &str = "RUSTBOOT_TEST_REDIS_URL";
const PROGRAMS: Programs = Programs {
    server: NAME,
    names: &["redis-server", "valkey-server"],
    folders: &["/opt/homebrew/bin", "/usr/local/bin"],
    install: "apt-get install redis-server (Debian, Ubuntu), dnf install redis (Fedora), brew install redis (macOS)",
    variable: URL_VARIABLE,
};

/// The settings come by the environment, since an argument can be read by everybody.
const LAUNCH: &str = r#"
program=$1 run=$2
shift 2
printf '%s\n' "$RUSTBOOT_SETTINGS" >"$run/redis.conf" || exit
unset RUSTBOOT_SETTINGS
exec "$program" "$run/redis.conf" "$@"
"#;

/// What a [`Redis`] starts with.
#[derive(Debug, Clone, Default)]
pub struct RedisOptions {
    data: Option<PathBuf>,
    port: Option<u16>,
    settings: Vec<(String, String)>,
    arguments: Vec<String>,
    open: bool,
    image: Option<String>,
}

impl RedisOptions {
    /// Keeps the data in this folder, which is made when it is not there, as snapshots that Redis writes now and then and at
    /// its end. Without it nothing is written.
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

    /// A setting of `redis.conf`: `("cluster-enabled", "yes")`.
    #[must_use]
    pub fn set(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }

    /// An argument of the program: `--sentinel`.
    #[must_use]
    pub fn argument(mut self, argument: impl Into<String>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// No password: for Sentinel and Cluster, whose members would all have to know it.
    #[must_use]
    pub fn without_password(mut self) -> Self {
        self.open = true;
        self
    }

    /// Runs it in a container of a Docker engine, from this image (`redis:7`), instead of from the installed program.
    #[must_use]
    pub fn image(mut self, image: impl Into<String>) -> Self {
        self.image = Some(image.into());
        self
    }

    /// Starts it, and waits until it answers.
    ///
    /// # Errors
    /// It is not installed, there is no Docker engine, or it does not start.
    pub fn start(self) -> Result<Redis, ServerError> {
        match self.image.clone() {
            Some(image) => self.start_container(image),
            None => self.start_program(),
        }
    }

    fn start_container(self, image: String) -> Result<Redis, ServerError> {
        let docker = container::engine(NAME)?;
        let data = user::folder_for(self.data, None)?;
        let password = match &data {
            _ if self.open => None,
            Some(folder) => Some(password::kept_in(&folder.join("password"))?),
            None => Some(password::random()?),
        };
        let mut settings = vec!["port 6379".to_owned(), "protected-mode no".to_owned()];
        match &data {
            Some(_) => settings.push(format!("dir {}", container::DATA)),
            None => settings.extend(["save \"\"".to_owned(), "appendonly no".to_owned()]),
        }
        settings.extend(password.iter().map(|it| format!("requirepass {it}")));
        let own = self.settings.iter();
        settings.extend(own.map(|(name, value)| format!("{name} {value}")));
        // The configuration comes by the environment, as the password is in it. The server takes the place of the shell: the
        // first process of a container hears only signals that it asks for, and a shell asks for none.
        let launch = "umask 077 && printf '%s\\n' \"$RUSTBOOT_SETTINGS\" >/tmp/redis.conf && exec redis-server /tmp/redis.conf \"$@\"";
        let recipe = Container {
            name: NAME,
            docker,
            image,
            port: 6379,
            environment: vec![("RUSTBOOT_SETTINGS", settings.join("\n"))],
            command: ["sh", "-c", launch, "redis"]
                .map(str::to_owned)
                .into_iter()
                .chain(self.arguments)
                .collect(),
            data: user::folder_for(data.map(|folder| folder.join("data")), None)?,
            answers: speaks_redis,
            stop_signal: Signal::TERM,
        };
        let server = Server::start(Box::new(recipe), None, self.port)?;
        Ok(Redis::at(server, password.as_deref()))
    }

    fn start_program(self) -> Result<Redis, ServerError> {
        let program = PROGRAMS.find()?;
        let user = User::for_server(NAME, &["redis", "valkey", "nobody"])?;
        let data = user::folder_for(self.data, user)?;
        let password = match &data {
            _ if self.open => None,
            Some(folder) => Some(password::kept_in(&folder.join("password"))?),
            None => Some(password::random()?),
        };
        let recipe = Install {
            program,
            data,
            settings: self.settings,
            arguments: self.arguments,
            password: password.clone(),
        };
        let server = Server::start(Box::new(recipe), user, self.port)?;
        Ok(Redis::at(server, password.as_deref()))
    }
}

/// A Redis server. Dropping it ends it; its data is gone unless [`RedisOptions::data`] keeps it.
pub struct Redis {
    url: String,
    origin: Origin,
}

impl Redis {
    /// Starts one with a free port, a password and no persistence, and waits until it answers: some ten milliseconds.
    ///
    /// # Errors
    /// It is not installed, or does not start.
    pub fn start() -> Result<Self, ServerError> {
        Self::options().start()
    }

    fn at(server: Server, password: Option<&str>) -> Self {
        let login = password.map_or(String::new(), |password| format!(":{password}@"));
        Self {
            url: format!("redis://{login}127.0.0.1:{}/", server.port()),
            origin: Origin::Here(server),
        }
    }

    /// For another port, settings, or data that is kept.
    pub fn options() -> RedisOptions {
        RedisOptions::default()
    }

    /// The one server of this process, for tests that do not stop or kill it: the first call starts it, and it ends with the
    /// process. With `RUSTBOOT_TEST_REDIS_URL` it is that one instead.
    ///
    /// # Errors
    /// It is not installed, or does not start. The next call tries again.
    pub fn shared() -> Result<&'static Self, ServerError> {
        static SHARED: Shared<Redis> = Shared::new();
        SHARED.get(
            NAME,
            URL_VARIABLE,
            |url, origin| Self { url, origin },
            || Self::options().set("databases", "10000").start(),
        )
    }

    /// `redis://:PASSWORD@127.0.0.1:PORT/`.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// The port, if it was started here.
    pub fn port(&self) -> Option<u16> {
        Some(self.origin.server().ok()?.port())
    }

    /// Its Unix socket, if it was started here.
    pub fn socket(&self) -> Option<PathBuf> {
        Some(self.origin.server().ok()?.run().join("redis.sock"))
    }
}

controls!(Redis);

/// Without the password.
impl std::fmt::Debug for Redis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Redis")
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

struct Install {
    program: PathBuf,
    data: Option<PathBuf>,
    settings: Vec<(String, String)>,
    arguments: Vec<String>,
    password: Option<String>,
}

impl Recipe for Install {
    fn name(&self) -> &'static str {
        NAME
    }

    fn command(&self, port: u16, run: &Path) -> Command {
        let folder = self.data.as_deref().unwrap_or(run).display();
        let mut settings = vec![
            "bind 127.0.0.1".to_owned(),
            format!("port {port}"),
            format!("dir \"{folder}\""),
            format!("unixsocket \"{}\"", run.join("redis.sock").display()),
            "daemonize no".to_owned(),
        ];
        if self.data.is_none() {
            settings.extend(["save \"\"".to_owned(), "appendonly no".to_owned()]);
        }
        if let Some(password) = &self.password {
            settings.push(format!("requirepass {password}"));
        }
        settings.extend(
            self.settings
                .iter()
                .map(|(name, value)| format!("{name} {value}")),
        );
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", LAUNCH, "redis"])
            .arg(&self.program)
            .arg(run)
            .args(&self.arguments)
            .env("RUSTBOOT_SETTINGS", settings.join("\n"));
        command
    }

    fn is_ready(&self, _pid: u32, port: u16, _run: &Path) -> bool {
        let login = self.password.as_ref();
        let login = login.map_or(String::new(), |password| format!("AUTH {password}\r\n"));
        answers(port, &format!("{login}PING\r\n")).unwrap_or(false)
    }

    fn stop_signal(&self) -> Signal {
        Signal::TERM
    }

    fn keeps_data(&self) -> bool {
        self.data.is_some()
    }
}

/// Whether it says anything, were it that a password is needed.
fn speaks_redis(port: u16) -> bool {
    let ask = || -> std::io::Result<String> {
        let limit = Duration::from_secs(1);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut stream = TcpStream::connect_timeout(&address, limit)?;
        stream.set_read_timeout(Some(limit))?;
        stream.write_all(b"PING\r\nQUIT\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    matches!(ask(), Ok(answer) if answer.contains("+PONG") || answer.contains("-NOAUTH"))
}

/// Whether a PONG comes back. While it loads its data it says so instead.
fn answers(port: u16, commands: &str) -> std::io::Result<bool> {
    let limit = Duration::from_secs(1);
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, limit)?;
    stream.set_read_timeout(Some(limit))?;
    stream.write_all(commands.as_bytes())?;
    let mut answer = Vec::new();
    let mut buffer = [0; 1024];
    // A line for each command. A Sentinel does not know QUIT, so the end of the connection says nothing.
    let expected = commands.lines().count();
    while answer.iter().filter(|byte| **byte == b'\n').count() < expected {
        match stream.read(&mut buffer)? {
            0 => break,
            length => answer.extend_from_slice(&buffer[..length]),
        }
    }
    Ok(String::from_utf8_lossy(&answer).contains("+PONG"))
}
