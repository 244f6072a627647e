//! A process that is killed leaves no server and no directory behind. The process is this test program, started again.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "how the two processes of this test talk to each other"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustboot_servers::{MariaDb, Postgres, Redis};

/// Set for the process that is to be killed: what it does before.
const ROLE: &str = "RUSTBOOT_TEST_ROLE";

/// In the process that is to be killed: servers in every state. Elsewhere it has nothing to do.
#[test]
fn victim() {
    match std::env::var(ROLE).as_deref() {
        Ok("running") => {
            let postgres = Postgres::start().expect("PostgreSQL starts");
            let paused = Postgres::start().expect("PostgreSQL starts");
            let redis = Redis::start().expect("Redis starts");
            let killed = Redis::start().expect("Redis starts");
            let mariadb = MariaDb::start().expect("MariaDB starts");
            paused.pause().expect("a pause");
            killed.kill().expect("a kill");
            tell(postgres.pid(), postgres.socket_folder());
            tell(paused.pid(), paused.socket_folder());
            tell(
                redis.pid(),
                redis.socket().as_deref().and_then(Path::parent),
            );
            tell(
                redis.pid(),
                killed.socket().as_deref().and_then(Path::parent),
            );
            tell(
                mariadb.pid(),
                redis.socket().as_deref().and_then(Path::parent),
            );
            println!("ready");
            std::thread::sleep(Duration::from_secs(600));
        }
        Ok("keeping data") => {
            let data = std::env::temp_dir().join("kept");
            let postgres = Postgres::options().data(data).start();
            let postgres = postgres.expect("PostgreSQL starts");
            let table = postgres.execute("CREATE TABLE item AS SELECT 7 AS id");
            table.expect("a table");
            tell(postgres.pid(), postgres.socket_folder());
            println!("ready");
            std::thread::sleep(Duration::from_secs(600));
        }
        // Its data cannot be saved any more, for which Redis refuses to end.
        Ok("unable to save") => {
            let data = tempfile::tempdir_in("/tmp").expect("a folder");
            open_to_all(data.path());
            let options = Redis::options().set("save", "3600 1");
            let redis = options.data(data.path().join("data")).start();
            let redis = redis.expect("Redis starts");
            set_a_key(&redis);
            data.close().expect("no folder");
            let run = redis.socket().expect("a socket");
            tell(redis.pid(), run.parent());
            println!("ready");
            std::thread::sleep(Duration::from_secs(600));
        }
        // Killed somewhere in `initdb`.
        Ok("starting") => {
            println!("ready");
            let _postgres = Postgres::start();
            std::thread::sleep(Duration::from_secs(600));
        }
        _ => {}
    }
}

fn tell(pid: Option<u32>, folder: Option<&Path>) {
    println!(
        "server {} {}",
        pid.expect("a process"),
        folder.expect("a folder").display()
    );
}

#[test]
fn sigkill_leaves_nothing() {
    let mut victims = [Victim::start("running"), Victim::start("running")];
    let servers: Vec<Vec<(u32, PathBuf)>> = victims.iter_mut().map(Victim::servers).collect();
    // Two runs at once do not collide.
    let mut folders: Vec<&PathBuf> = servers.iter().flatten().map(|(_, folder)| folder).collect();
    folders.sort();
    folders.dedup();
    assert_eq!(folders.len(), 8);

    victims[0].kill();
    for (pid, folder) in &servers[0] {
        gone(&process(*pid));
        gone(folder);
    }
    for (pid, folder) in &servers[1] {
        assert!(process(*pid).exists(), "the other run goes on");
        assert!(folder.exists(), "the other run goes on");
    }
    victims[1].kill();
    for (pid, folder) in &servers[1] {
        gone(&process(*pid));
        gone(folder);
    }
}

#[test]
fn sigkill_in_the_middle_of_a_start_leaves_nothing() {
    for pause in [20, 150, 400] {
        // A temporary folder of its own shows what is left.
        let temporary = tempfile::Builder::new()
            .prefix("k")
            .tempdir_in("/tmp")
            .expect("a folder");
        open_to_all(temporary.path());
        let mut victim = Victim::start_in("starting", temporary.path());
        victim.servers();
        std::thread::sleep(Duration::from_millis(pause));
        victim.kill();
        let began = Instant::now();
        while let Some(left) = left_in(temporary.path()) {
            assert!(began.elapsed() < Duration::from_secs(30), "{left}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// It does not have to recover what it has when it starts again.
#[test]
fn a_server_that_keeps_its_data_ends_in_good_order() {
    let temporary = tempfile::tempdir_in("/tmp").expect("a folder");
    open_to_all(temporary.path());
    let mut victim = Victim::start_in("keeping data", temporary.path());
    let servers = victim.servers();
    assert_eq!(servers.len(), 1);
    victim.kill();
    for (pid, folder) in &servers {
        gone(&process(*pid));
        gone(folder);
    }
    let data = temporary.path().join("kept");
    let again = Postgres::options().data(data).start();
    let again = again.expect("PostgreSQL starts");
    let item = again.execute("SELECT id FROM item").expect("the row");
    assert_eq!(item, "7");
    let log = again.socket_folder().expect("a folder").join("log");
    let log = std::fs::read_to_string(log).expect("a log");
    assert!(log.contains("database system was shut down at"), "{log}");
}

#[test]
fn a_server_that_refuses_to_end_is_killed() {
    let mut victim = Victim::start("unable to save");
    let servers = victim.servers();
    assert_eq!(servers.len(), 1);
    victim.kill();
    for (pid, folder) in &servers {
        gone(&process(*pid));
        gone(folder);
    }
}

/// Something to save.
fn set_a_key(redis: &Redis) {
    let url = redis.url();
    let (login, address) = url
        .strip_prefix("redis://:")
        .and_then(|rest| rest.strip_suffix('/'))
        .and_then(|rest| rest.split_once('@'))
        .expect("a URL with a password");
    let mut stream = TcpStream::connect(address).expect("a connection");
    let commands = format!("AUTH {login}\r\nSET a b\r\nQUIT\r\n");
    stream.write_all(commands.as_bytes()).expect("commands");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answers");
    assert_eq!(answer, "+OK\r\n+OK\r\n+OK\r\n");
}

struct Victim(Child);

impl Victim {
    fn start(role: &str) -> Self {
        Self::start_in(role, &std::env::temp_dir())
    }

    fn start_in(role: &str, temporary: &Path) -> Self {
        let program = std::env::current_exe().expect("this program");
        let child = Command::new(program)
            .args(["--exact", "victim", "--nocapture"])
            .env(ROLE, role)
            .env("TMPDIR", temporary)
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        Self(child)
    }

    /// Waits until it is ready, and returns its servers.
    fn servers(&mut self) -> Vec<(u32, PathBuf)> {
        let output = self.0.stdout.take().expect("its output");
        BufReader::new(output)
            .lines()
            .map(|line| line.expect("a line"))
            .take_while(|line| !line.ends_with("ready"))
            .filter_map(|line| {
                let (pid, folder) = line.split_once("server ")?.1.split_once(' ')?;
                Some((pid.parse().expect("a number"), PathBuf::from(folder)))
            })
            .collect()
    }

    fn kill(&mut self) {
        self.0.kill().expect("a kill");
        self.0.wait().expect("its end");
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        let _ended_before = self.0.kill();
        let _ended_before = self.0.wait();
    }
}

fn process(pid: u32) -> PathBuf {
    PathBuf::from(format!("/proc/{pid}"))
}

fn gone(path: &Path) {
    let began = Instant::now();
    while path.exists() {
        assert!(
            began.elapsed() < Duration::from_secs(30),
            "{} is left",
            path.display()
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A directory in the folder, or a process that names it.
fn left_in(folder: &Path) -> Option<String> {
    if let Some(entry) = std::fs::read_dir(folder)
        .expect("a folder")
        .flatten()
        .next()
    {
        return Some(entry.path().display().to_string());
    }
    std::fs::read_dir("/proc")
        .expect("processes")
        .flatten()
        .filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok())
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .find(|line| line.contains(&*folder.to_string_lossy()))
}

fn open_to_all(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o777)).expect("permissions");
}
