//! A service as a process: in a folder of its own, with an environment of its own, and never for longer than a deadline.

use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustboot_servers::Warden;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::http::{Connection, Request, Response};

/// How long anything may take that should take no time at all. Generous, since the machine may be busy.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);

/// What the secret is where a test does not care.
pub(crate) const API_KEY: &str = "an-api-key-for-tests";

/// Waits for a future, and fails the test by name when that takes too long.
pub(crate) async fn within<F: Future>(what: &str, future: F) -> F::Output {
    match tokio::time::timeout(LIMIT, future).await {
        Ok(output) => output,
        Err(_) => panic!("{what}: not within {LIMIT:?}"),
    }
}

/// Asks again and again until the answer is yes. For what announces itself by no event.
pub(crate) async fn eventually(what: &str, mut ask: impl AsyncFnMut() -> bool) {
    within(what, async {
        while !ask().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
}

/// Everything that a process is started with.
pub(crate) struct Sandbox {
    program: &'static str,
    dir: TempDir,
    env: Vec<(String, String)>,
    args: Vec<String>,
    inherited: Option<OwnedFd>,
}

/// As systemd does it: the socket is file 3, and the variables say so and to whom. The process keeps the number of the shell.
const ACTIVATE: &str = r#"LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" "$@" 3<&0 </dev/null"#;

impl Sandbox {
    /// An empty folder; a port that the system picks, logs as JSON, the one setting that is required, and no secrets of
    /// the machine.
    pub(crate) fn new() -> Self {
        Self::of(env!("CARGO_BIN_EXE_service"))
    }

    /// The same for another program.
    pub(crate) fn of(program: &'static str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let secrets = dir.path().join("secrets").display().to_string();
        Self {
            program,
            dir,
            env: Vec::new(),
            args: Vec::new(),
            inherited: None,
        }
        .env("APP_SERVER__PORT", "0")
        .env("LOG_FORMAT", "json")
        .env("APP_SHOP__API_KEY", API_KEY)
        .env("RUSTBOOT_SECRETS_DIR", &secrets)
    }

    /// Sets a variable.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self = self.without(name);
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Takes a variable away.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.env.retain(|(n, _)| n != name);
        self
    }

    /// Writes a file.
    pub(crate) fn file(self, path: &str, text: &str) -> Self {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    /// Adds words to the command line.
    pub(crate) fn args(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(|arg| (*arg).to_owned()));
        self
    }

    /// Hands over an open file as a service manager does, under a name.
    pub(crate) fn inherits(mut self, file: impl Into<OwnedFd>, name: &str) -> Self {
        self.inherited = Some(file.into());
        self.env("LISTEN_FDNAMES", name)
    }

    /// Has hooks, tasks and handlers write to a file; read it with [`Service::journal`].
    pub(crate) fn journal(self) -> Self {
        let path = self.path("journal").display().to_string();
        self.env("APP_CONFORMANCE__JOURNAL", &path)
    }

    /// A path inside of the folder.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    fn command(&self) -> Command {
        let mut command = match &self.inherited {
            None => Command::new(self.program),
            Some(_) => Command::new("/bin/sh"),
        };
        let stdin = match &self.inherited {
            None => Stdio::null(),
            Some(file) => {
                command.args(["-c", ACTIVATE, self.program]);
                Stdio::from(file.try_clone().unwrap())
            }
        };
        command
            .args(&self.args)
            .env_clear()
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .current_dir(self.dir.path())
            .process_group(0)
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// Starts the process, whatever becomes of it.
    pub(crate) fn spawn(self) -> Process {
        let mut child = self.command().spawn().unwrap();
        let group = child.id().unwrap();
        let warden = Warden::of(group, Some(self.dir.path())).unwrap();
        let group = Pid::from_raw(i32::try_from(group).unwrap()).unwrap();
        let mut readers = JoinSet::new();
        let stdout = Lines::of(child.stdout.take().unwrap(), &mut readers);
        let stderr = Lines::of(child.stderr.take().unwrap(), &mut readers);
        Process {
            child,
            group,
            _warden: warden,
            readers,
            stdout,
            stderr,
            sandbox: self,
        }
    }

    /// Starts the service and waits until it says that it is ready.
    pub(crate) async fn start(self) -> Service {
        let process = self.spawn();
        let ready = process
            .log_line("the ready line", |line| {
                line["message"]
                    .as_str()
                    .is_some_and(|m| m.contains(" is ready on "))
            })
            .await;
        let message = ready["message"].as_str().unwrap();
        let addresses = message.split_once(" is ready on ").unwrap().1;
        let mut main = None;
        let mut management = None;
        for address in addresses.split(", ") {
            let (address, slot) = match address.strip_suffix(" (management)") {
                Some(address) => (address, &mut management),
                None => (address, &mut main),
            };
            // A Unix socket has a path, which the test has chosen.
            if let Some((_scheme, address)) = address.split_once("://") {
                *slot = Some(address.to_owned());
            }
        }
        Service {
            process,
            address: main.unwrap_or_default(),
            management,
            ready,
        }
    }

    /// Runs the process to its end.
    pub(crate) async fn run(self, args: &[&str]) -> Exit {
        self.args(args).spawn().exit().await
    }
}

/// The lines that a process has written so far.
struct Lines(watch::Receiver<Vec<String>>);

impl Lines {
    fn of(pipe: impl AsyncRead + Unpin + Send + 'static, readers: &mut JoinSet<()>) -> Self {
        let (sender, receiver) = watch::channel(Vec::new());
        readers.spawn(async move {
            let mut lines = BufReader::new(pipe).lines();
            while let Some(line) = lines.next_line().await.unwrap() {
                sender.send_modify(|lines| lines.push(line));
            }
        });
        Self(receiver)
    }

    fn text(&self) -> String {
        self.0
            .borrow()
            .iter()
            .map(|line| format!("{line}\n"))
            .collect()
    }
}

/// A process. Dropping it kills it, and everything that it started.
pub(crate) struct Process {
    child: Child,
    group: Pid,
    /// One that is killed drops nothing.
    _warden: Warden,
    readers: JoinSet<()>,
    stdout: Lines,
    stderr: Lines,
    sandbox: Sandbox,
}

impl Process {
    /// Waits for a line of the log.
    pub(crate) async fn log_line(&self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        let mut lines = self.stdout.0.clone();
        let mut found = None;
        let waited = within(
            what,
            lines.wait_for(|lines| {
                found = lines
                    .iter()
                    .filter_map(|line| serde_json::from_str(line).ok())
                    .find(&is_it);
                found.is_some()
            }),
        )
        .await
        .is_ok();
        match found {
            Some(line) if waited => line,
            _ => panic!(
                "{what}: the process ended without it\n{}{}",
                self.stdout.text(),
                self.stderr.text()
            ),
        }
    }

    /// Every line of the log so far; each has to be JSON.
    pub(crate) fn log(&self) -> Vec<Value> {
        let lines = self.stdout.0.borrow();
        lines
            .iter()
            .map(|line| {
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
            })
            .collect()
    }

    /// Everything on stdout and stderr so far.
    pub(crate) fn output(&self) -> String {
        self.stdout.text() + &self.stderr.text()
    }

    /// What hooks, tasks and handlers have written.
    pub(crate) fn journal(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.sandbox.path("journal")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Its number.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id().unwrap()
    }

    /// What the process has in memory of its own: without the program itself, of which more and more is read in while it runs.
    pub(crate) fn memory(pid: u32) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("RssAnon:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
        1024 * kilobytes.unwrap().parse::<u64>().unwrap()
    }

    /// Sends a signal to the process.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.group, signal).unwrap();
    }

    /// Waits for the end.
    pub(crate) async fn exit(mut self) -> Exit {
        let status = within("the end of the process", self.child.wait())
            .await
            .unwrap();
        let at = Instant::now();
        within("the end of its output", async {
            while let Some(read) = self.readers.join_next().await {
                read.unwrap();
            }
        })
        .await;
        Exit {
            code: status.code(),
            at,
            stdout: self.stdout.text(),
            stderr: self.stderr.text(),
            journal: self.journal(),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Gone already, when the test waited for its end.
        kill_process_group(self.group, Signal::KILL).ok();
    }
}

/// How a process ended.
#[derive(Debug)]
pub(crate) struct Exit {
    /// `None` when a signal killed it.
    pub(crate) code: Option<i32>,
    /// When that was noticed.
    pub(crate) at: Instant,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) journal: Vec<String>,
}

impl Exit {
    /// The lines of the log; each has to be JSON.
    pub(crate) fn log(&self) -> Vec<Value> {
        let parse =
            |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        self.stdout.lines().map(parse).collect()
    }

    /// Whether a line of the log has that message.
    pub(crate) fn logged(&self, message: &str) -> bool {
        self.log().iter().any(|line| line["message"] == message)
    }
}

/// A service that was ready when the test got it.
pub(crate) struct Service {
    process: Process,
    /// The main listener; empty when that is a Unix socket.
    pub(crate) address: String,
    /// The management listener, when there is one.
    pub(crate) management: Option<String>,
    /// The ready line.
    pub(crate) ready: Value,
}

impl std::ops::Deref for Service {
    type Target = Process;

    fn deref(&self) -> &Process {
        &self.process
    }
}

impl Service {
    /// A connection to the main listener.
    pub(crate) async fn connect(&self) -> Connection {
        within("a connection", Connection::open(&self.address))
            .await
            .unwrap()
    }

    /// One request on a connection of its own.
    pub(crate) async fn send(&self, request: Request) -> Response {
        let what = format!("{} {}", request.method, request.target);
        let mut connection = self.connect().await;
        match connection.send(&request).await {
            Ok(response) => response,
            Err(error) => panic!("{what}: {error}\n{}", self.output()),
        }
    }

    /// `GET` on the main listener.
    pub(crate) async fn get(&self, target: &str) -> Response {
        self.send(Request::get(target)).await
    }

    /// `GET` on the management listener.
    pub(crate) async fn manage(&self, target: &str) -> Response {
        let mut connection = Connection::open(self.management.as_ref().unwrap())
            .await
            .unwrap();
        within(target, connection.send(&Request::get(target)))
            .await
            .unwrap()
    }

    /// The port of the main listener.
    pub(crate) fn port(&self) -> u16 {
        self.address.rsplit_once(':').unwrap().1.parse().unwrap()
    }

    /// Waits until everything that was logged so far can be read: asks for something, and waits for its access line.
    pub(crate) async fn settle(&self) {
        let id = format!("settle-{}", fresh());
        self.send(Request::get("/text").header("x-request-id", &id))
            .await;
        self.access_line(&id).await;
    }

    /// The access line of a request.
    pub(crate) async fn access_line(&self, request_id: &str) -> Value {
        self.log_line("an access line", |line| {
            line["target"] == "access" && line["request_id"] == request_id
        })
        .await
    }

    /// SIGTERM, and wait for the end.
    pub(crate) async fn stop(self) -> Exit {
        self.signal(Signal::TERM);
        self.exit().await
    }

    /// Waits for the end.
    pub(crate) async fn exit(self) -> Exit {
        self.process.exit().await
    }
}

/// A number that no other call in this process gets.
pub(crate) fn fresh() -> u32 {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
