//! PostgreSQL from the installed programs: in a temporary folder, on a free port, ended with this process. Every call blocks.

use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{LazyLock, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

pub(crate) struct Postgres {
    port: u16,
    dir: TempDir,
    child: Mutex<Option<Child>>,
}

/// Where Debian puts the programs, or wherever the path says.
fn program(name: &str) -> PathBuf {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|version| version.path().join("bin").join(name))
        .filter(|path| path.exists())
        .collect();
    found.sort();
    found.pop().unwrap_or_else(|| name.into())
}

/// As somebody else than root, which PostgreSQL refuses to be, and not for longer than the thread that starts it.
fn unprivileged(name: &str) -> Command {
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "QUIT"]);
    if is_root {
        command.args(["--reuid", "nobody", "--regid", "nogroup", "--clear-groups"]);
    }
    command.arg("--").arg(program(name));
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

impl Postgres {
    pub(crate) fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o777)).unwrap();
        let made = unprivileged("initdb")
            .args(["-A", "scram-sha-256", "-U", "postgres", "-N", "-E", "UTF8"])
            .args(["--locale=C", "--pwfile=/dev/stdin", "-D"])
            .arg(dir.path().join("data"))
            .stdin(password(&dir))
            .status();
        let made = made
            .expect("PostgreSQL and util-linux' setpriv are needed: apt-get install postgresql");
        assert!(made.success(), "initdb: {made}");
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            port: free.local_addr().unwrap().port(),
            dir,
            child: Mutex::new(None),
        };
        drop(free);
        server.restart();
        server
    }

    /// The one that tests share which do not hurt it.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: LazyLock<Postgres> = LazyLock::new(Postgres::start);
        &SHARED
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn url_of(&self, database: &str) -> String {
        format!("postgres://postgres:pw@127.0.0.1:{}/{database}", self.port)
    }

    pub(crate) fn execute(&self, database: &str, sql: &str) -> String {
        let output = Command::new(program("psql"))
            .args([
                &self.url_of(database),
                "-v",
                "ON_ERROR_STOP=1",
                "-qtAc",
                sql,
            ])
            .output()
            .unwrap();
        assert!(output.status.success(), "{sql}: {output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    pub(crate) fn create_database(&self, name: &str) -> String {
        self.execute("postgres", &format!("CREATE DATABASE {name}"));
        self.url_of(name)
    }

    /// Starts it, on the same port and data.
    pub(crate) fn restart(&self) {
        let (port, path) = (self.port, self.dir.path().to_owned());
        let (send, receive) = mpsc::channel();
        // The server ends with the thread that started it, so that thread stays as long as the process.
        thread::spawn(move || {
            let child = unprivileged("postgres")
                .arg("-D")
                .arg(path.join("data"))
                .args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1"])
                .args(["-c", "fsync=off", "-c", "max_connections=200"])
                .arg("-k")
                .arg(&path)
                .spawn()
                .unwrap();
            send.send(child).unwrap();
            loop {
                thread::park();
            }
        });
        *self.child.lock().unwrap() = Some(receive.recv().unwrap());
        let deadline = Instant::now() + Duration::from_secs(60);
        let ready = || {
            Command::new(program("pg_isready"))
                .args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()])
                .status()
                .is_ok_and(|status| status.success())
        };
        while !ready() {
            assert!(Instant::now() < deadline, "PostgreSQL did not start");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// A signal for the server and its children.
    fn signal(&self, signal: &str) {
        let child = self.child.lock().unwrap();
        let Some(main) = child.as_ref().map(|child| child.id().to_string()) else {
            return;
        };
        // Twice, for a child that was made in between.
        for _ in 0..2 {
            let children = std::fs::read_to_string(format!("/proc/{main}/task/{main}/children"));
            let mut kill = Command::new("kill");
            kill.arg("-s").arg(signal).arg(&main);
            kill.args(children.unwrap_or_default().split_whitespace());
            let _some_may_be_gone = kill.stderr(Stdio::null()).status().unwrap();
        }
    }

    /// Clients connect, and hear nothing.
    pub(crate) fn pause(&self) {
        self.signal("STOP");
    }

    pub(crate) fn resume(&self) {
        self.signal("CONT");
    }

    /// As if the machine was gone.
    pub(crate) fn kill(&self) {
        self.signal("KILL");
        if let Some(mut child) = self.child.lock().unwrap().take() {
            child.wait().unwrap();
        }
    }
}

fn password(dir: &TempDir) -> std::fs::File {
    let path = dir.path().join("password");
    std::fs::write(&path, "pw\n").unwrap();
    std::fs::File::open(path).unwrap()
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.resume();
        self.kill();
    }
}
