//! A PostgreSQL server of the tests' own: in a temporary folder, on a free port, ended with this process.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{LazyLock, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use sqlx::{AssertSqlSafe, Connection as _, Executor as _};
use tempfile::TempDir;

/// The programs, where Debian puts them, or wherever the path says.
fn program(name: &str) -> std::path::PathBuf {
    let found = std::fs::read_dir("/usr/lib/postgresql")
        .ok()
        .and_then(|versions| {
            let mut all: Vec<_> = versions
                .flatten()
                .map(|version| version.path().join("bin").join(name))
                .filter(|path| path.exists())
                .collect();
            all.sort();
            all.pop()
        });
    found.unwrap_or_else(|| name.into())
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

/// A file that only the server may read.
pub(super) fn secret_file(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    if is_root() {
        let owned = Command::new("chown")
            .arg("nobody")
            .arg(path)
            .status()
            .unwrap();
        assert!(owned.success());
    }
}

/// A command that runs as somebody else than root, which PostgreSQL refuses to be.
fn unprivileged(program: std::path::PathBuf) -> Command {
    let is_root = is_root();
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "QUIT"]);
    if is_root {
        command.args(["--reuid", "nobody", "--regid", "nogroup", "--clear-groups"]);
    }
    command.arg("--").arg(program);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command
}

pub(super) struct Server {
    settings: Vec<String>,
    pub(super) port: u16,
    dir: TempDir,
    child: Option<Child>,
}

impl Server {
    /// A server with an empty cluster. Blocks.
    pub(super) fn start() -> Self {
        Self::start_with(|_| Vec::new())
    }

    /// The same with settings, made by a function that may put files into the folder.
    pub(super) fn start_with(settings: impl FnOnce(&Path) -> Vec<String>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::set_permissions(
            dir.path(),
            std::os::unix::fs::PermissionsExt::from_mode(0o777),
        )
        .unwrap();
        let data = dir.path().join("data");
        let made = unprivileged(program("initdb"))
            .args([
                "-A",
                "trust",
                "-U",
                "postgres",
                "-N",
                "-E",
                "UTF8",
                "--locale=C",
                "-D",
            ])
            .arg(&data)
            .stderr(Stdio::inherit())
            .status();
        let made = made.expect(
            "PostgreSQL's initdb and util-linux' setpriv are needed: apt-get install postgresql",
        );
        assert!(made.success(), "initdb: {made}");
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let mut server = Self {
            settings: settings(dir.path()),
            port,
            dir,
            child: None,
        };
        server.resume();
        server
    }

    /// A physical replica of this one, as streaming replication makes it. Blocks.
    pub(super) fn replica(&self) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o777);
        std::fs::set_permissions(dir.path(), mode).unwrap();
        let copied = unprivileged(program("pg_basebackup"))
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string()])
            .args(["-U", "postgres", "-R", "-c", "fast", "-D"])
            .arg(dir.path().join("data"))
            .status();
        assert!(copied.unwrap().success(), "pg_basebackup");
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut replica = Self {
            settings: Vec::new(),
            port: free.local_addr().unwrap().port(),
            dir,
            child: None,
        };
        drop(free);
        replica.resume();
        replica
    }

    /// Starts it again after a [`Server::kill`].
    pub(super) fn resume(&mut self) {
        let (port, path) = (self.port, self.dir.path().to_owned());
        let settings = self.settings.clone();
        let (send, receive) = mpsc::channel();
        // The server ends with the thread that started it, so that thread stays as long as the process.
        thread::spawn(move || {
            let child = unprivileged(program("postgres"))
                .arg("-D")
                .arg(path.join("data"))
                .args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1"])
                .args([
                    "-c",
                    "fsync=off",
                    "-c",
                    "max_connections=200",
                    "-c",
                    "shared_buffers=16MB",
                ])
                .args(settings.iter().flat_map(|setting| ["-c", setting]))
                .arg("-k")
                .arg(&path)
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            send.send(child).unwrap();
            loop {
                thread::park();
            }
        });
        self.child = Some(receive.recv().unwrap());
        let deadline = Instant::now() + Duration::from_secs(60);
        let ready = || {
            Command::new(program("pg_isready"))
                .args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()])
                .status()
                .is_ok_and(|status| status.success())
        };
        while !ready() {
            assert!(Instant::now() < deadline, "PostgreSQL did not start");
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// The process ids of the server and its children.
    fn processes(&self) -> Vec<String> {
        let main = self.child.as_ref().map(|child| child.id().to_string());
        let Some(main) = main else { return Vec::new() };
        let children = std::fs::read_to_string(format!("/proc/{main}/task/{main}/children"))
            .unwrap_or_default();
        let mut all: Vec<String> = children.split_whitespace().map(str::to_owned).collect();
        all.insert(0, main);
        all
    }

    pub(super) fn signal(&self, signal: &str) {
        // Twice, for a child that was made in between.
        for _ in 0..2 {
            let mut kill = Command::new("kill");
            kill.arg("-s")
                .arg(signal)
                .args(self.processes())
                .stderr(Stdio::null());
            let _some_may_be_gone = kill.status().unwrap();
        }
    }

    /// Ends it at once, as a crash of the machine would.
    pub(super) fn kill(&mut self) {
        self.signal("KILL");
        if let Some(mut child) = self.child.take() {
            child.wait().unwrap();
        }
        let _left_by_the_crash = std::fs::remove_file(self.dir.path().join("data/postmaster.pid"));
    }

    /// A new, empty database.
    pub(super) async fn database(&self) -> String {
        let name = format!("t{:x}", fresh());
        let url =
            |database: &str| format!("postgres://postgres@127.0.0.1:{}/{database}", self.port);
        let mut connection = sqlx::PgConnection::connect(&url("postgres")).await.unwrap();
        let create = format!("CREATE DATABASE {name}");
        connection.execute(AssertSqlSafe(create)).await.unwrap();
        url(&name)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.signal("CONT");
        self.kill();
    }
}

fn fresh() -> u64 {
    use std::hash::{BuildHasher as _, RandomState};
    RandomState::new().hash_one(Instant::now())
}

/// The one that tests share which do not hurt it. It lives as long as the process.
pub(super) async fn shared() -> &'static Server {
    static SHARED: LazyLock<Server> = LazyLock::new(Server::start);
    tokio::task::spawn_blocking(|| &*SHARED).await.unwrap()
}
