//! A server in a container, for machines that have a Docker engine and not the server's program.
//!
//! The client `docker run` stays in the foreground under a keeper like any server: it hands signals on to the container, which
//! is removed when it ends. The keeper removes it once more, for the case that only the client has ended.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::Signal;

use crate::error::{Result, ServerError};
use crate::keeper;
use crate::server::Recipe;

/// How long a start may take: the image may have to come over the network first.
const START: Duration = Duration::from_secs(300);

/// Where the data is in the container.
pub(crate) const DATA: &str = "/rustboot-data";

/// The client of a Docker engine that answers.
///
/// # Errors
/// There is no client, or no engine that it can reach.
pub(crate) fn engine(server: &'static str) -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = std::env::split_paths(&path).map(|folder| folder.join("docker"));
    let Some(docker) = folders.find(|file| file.is_file()) else {
        return Err(refused(server, "found no `docker` in PATH"));
    };
    let asked = Command::new(&docker)
        .args(["version", "--format", "{{.Server.Version}}"])
        .stdin(Stdio::null())
        .output()
        .map_err(ServerError::io("cannot start docker"))?;
    match asked.status.success() {
        true => Ok(docker),
        false => {
            let answer = String::from_utf8_lossy(&asked.stderr);
            Err(refused(server, answer.trim()))
        }
    }
}

fn refused(server: &'static str, answer: &str) -> ServerError {
    ServerError::Refused {
        doing: format!("{server} cannot be started in a container"),
        answer: answer.to_owned(),
    }
}

/// How a container is run.
pub(crate) struct Container {
    pub(crate) name: &'static str,
    pub(crate) docker: PathBuf,
    pub(crate) image: String,
    /// Where the server listens in the container.
    pub(crate) port: u16,
    pub(crate) environment: Vec<(&'static str, String)>,
    /// What comes after the image.
    pub(crate) command: Vec<String>,
    /// A folder of this machine, for [`DATA`].
    pub(crate) data: Option<PathBuf>,
    pub(crate) answers: fn(port: u16) -> bool,
    pub(crate) stop_signal: Signal,
}

impl Container {
    /// The name of the container of a run.
    pub(crate) fn of(run: &Path) -> String {
        let name = run.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }
}

impl Recipe for Container {
    fn name(&self) -> &'static str {
        self.name
    }

    fn command(&self, port: u16, run: &Path) -> Command {
        let mut command = Command::new(&self.docker);
        command
            .args(["run", "--rm", "--name"])
            .arg(Self::of(run))
            .arg("--publish")
            .arg(format!("127.0.0.1:{port}:{}", self.port));
        for (name, value) in &self.environment {
            // Without a value: it is taken from the environment of the client, since arguments can be read by everybody.
            command.args(["--env", name]).env(name, value);
        }
        if let Some(data) = &self.data {
            command
                .arg("--volume")
                .arg(format!("{}:{DATA}", data.display()));
        }
        // What the server writes belongs to whoever started it. Root's container gives up its rights by itself, and Docker on
        // macOS maps the owner.
        let (uid, gid) = (rustix::process::getuid(), rustix::process::getgid());
        if cfg!(target_os = "linux") && !uid.is_root() {
            command
                .arg("--user")
                .arg(format!("{}:{}", uid.as_raw(), gid.as_raw()))
                .args(["--volume", "/etc/passwd:/etc/passwd:ro"]);
        }
        command.env(keeper::DOCKER, &self.docker);
        command.arg(&self.image).args(&self.command);
        command
    }

    fn is_ready(&self, _pid: u32, port: u16, _run: &Path) -> bool {
        (self.answers)(port)
    }

    fn stop_signal(&self) -> Signal {
        self.stop_signal
    }

    fn is_elsewhere(&self) -> bool {
        true
    }

    fn keeps_data(&self) -> bool {
        self.data.is_some()
    }

    fn start_limit(&self) -> Duration {
        START
    }
}
