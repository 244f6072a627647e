//! The quickstart as a process: started, asked over HTTP, stopped by a signal.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustboot::serde_json::{self, Value};
use rustboot_servers::Warden;

/// Anything that takes longer is a failure.
const LIMIT: Duration = Duration::from_secs(20);

/// A running quickstart. Killed on drop, and when this process is.
pub(crate) struct Quickstart {
    child: Child,
    _warden: Warden,
    pub(crate) address: String,
}

impl Quickstart {
    /// Starts it in a folder of its own, on a free port.
    pub(crate) fn start(dir: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quickstart"));
        command.env_clear();
        #[cfg(feature = "postgres")]
        let command = command.env("DATABASE_URL", database_of(dir));
        let mut child = command
            .current_dir(dir)
            .env("RUSTBOOT_BASE_DIR", dir)
            .env("PORT", "0")
            .env("LOG_FORMAT", "json")
            .process_group(0)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let warden = Warden::of(child.id(), None).unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| {
                let line: Value = serde_json::from_str(&line).ok()?;
                let ready = line["message"]
                    .as_str()?
                    .split_once("is ready on http://")?
                    .1;
                Some(ready.to_owned())
            })
            .expect("the ready line");
        // Nobody reads on, and a full pipe must not hold the process up.
        std::thread::spawn(move || lines.map_while(Result::ok).count());
        Self {
            child,
            _warden: warden,
            address,
        }
    }

    pub(crate) fn client(&self) -> Client {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        stream.set_nodelay(true).unwrap();
        Client {
            stream: BufReader::new(stream),
            host: self.address.clone(),
        }
    }

    /// SIGTERM, as a platform sends it. Returns the exit code.
    pub(crate) fn terminate(mut self) -> Option<i32> {
        let killed = Command::new("kill")
            .arg(self.child.id().to_string())
            .status()
            .unwrap();
        assert!(killed.success());
        let start = Instant::now();
        while start.elapsed() < LIMIT {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("it did not stop within {LIMIT:?}");
    }
}

/// The database that belongs to a folder, as the file of SQLite does.
#[cfg(feature = "postgres")]
fn database_of(dir: &Path) -> String {
    let server = rustboot_servers::Postgres::shared().unwrap();
    let folder = dir.file_name().unwrap().to_string_lossy();
    let name = format!("q{}", folder.replace('.', "").to_lowercase());
    let there = format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'");
    match server.execute(&there).unwrap().as_str() {
        "0" => server.create_database(&name).unwrap(),
        _ => server.url_of(&name),
    }
}

impl Drop for Quickstart {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// One keep-alive connection.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
    host: String,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(n, _)| n == name)?;
        Some(value)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

impl Client {
    pub(crate) fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, "")
    }

    pub(crate) fn post(&mut self, path: &str, json: &str) -> Answer {
        self.send("POST", path, json)
    }

    fn send(&mut self, method: &str, path: &str, body: &str) -> Answer {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.host,
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes()).unwrap();
        let mut status_line = String::new();
        self.stream.read_line(&mut status_line).unwrap();
        let status = status_line.split(' ').nth(1).unwrap().parse().unwrap();
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).unwrap();
            match line.trim_end().split_once(": ") {
                Some((name, value)) => headers.push((name.to_owned(), value.to_owned())),
                None => break,
            }
        }
        let mut answer = Answer {
            status,
            headers,
            body: String::new(),
        };
        let length = answer
            .header("content-length")
            .map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).unwrap();
        answer.body = String::from_utf8(body).unwrap();
        answer
    }
}
