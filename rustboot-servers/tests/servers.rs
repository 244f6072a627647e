//! Real servers, through their whole life.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::time::Duration;

use rustboot_servers::{MariaDb, Postgres, Redis, ServerError};

#[test]
fn postgres_keeps_its_port_and_its_data_across_a_kill() {
    let postgres = Postgres::start().expect("PostgreSQL starts");
    let url = postgres.url();
    let database = postgres.create_database("or\"ders").expect("a database");
    assert_eq!(
        Some(database.as_str()),
        url.strip_suffix("postgres")
            .map(|base| format!("{base}or\"ders"))
            .as_deref()
    );
    postgres
        .execute("CREATE TABLE item AS SELECT 7 AS id, 'a'::text AS name")
        .expect("a table");

    let before = postgres.pid();
    postgres.kill().expect("a kill");
    assert_eq!(postgres.pid(), None);
    let port = postgres.port().expect("a port");
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect_err("nobody listens");
    assert!(matches!(
        postgres.kill(),
        Err(ServerError::NotRunning { .. })
    ));
    assert!(postgres.execute("SELECT 1").is_err());

    postgres.restart().expect("a restart");
    assert_ne!(postgres.pid(), before);
    assert_eq!(postgres.url(), url);
    assert_eq!(
        postgres.execute("SELECT * FROM item").expect("the row"),
        "7|a"
    );

    postgres.stop().expect("a stop");
    postgres.restart().expect("a restart");
    postgres.restart().expect("a restart of one that runs");
    assert_eq!(postgres.execute("SHOW timezone").expect("a setting"), "UTC");

    let folder = postgres.socket_folder().expect("a folder").to_owned();
    let pid = postgres.pid().expect("a process");
    assert!(folder.is_dir());
    drop(postgres);
    assert!(!folder.exists(), "{}", folder.display());
    assert!(!is_alive(pid));
}

#[test]
fn a_paused_postgres_accepts_and_answers_nothing() {
    let postgres = Postgres::start().expect("PostgreSQL starts");
    let port = postgres.port().expect("a port");
    // A backend of its own, which has to freeze as well.
    let mut open = ssl_request(port);
    let mut byte = [0];
    open.read_exact(&mut byte).expect("an answer");
    assert_eq!(byte, *b"N");

    postgres.pause().expect("a pause");
    let mut new = ssl_request(port);
    new.set_read_timeout(Some(Duration::from_millis(200)))
        .expect("a timeout");
    new.read_exact(&mut byte).expect_err("nothing is answered");

    postgres.resume().expect("a resume");
    new.set_read_timeout(Some(Duration::from_secs(30)))
        .expect("a timeout");
    new.read_exact(&mut byte).expect("an answer");
    assert_eq!(byte, *b"N");

    // One that is paused can be stopped, killed and dropped like any other.
    postgres.pause().expect("a pause");
    let folder = postgres.socket_folder().expect("a folder").to_owned();
    drop(postgres);
    assert!(!folder.exists());
}

#[test]
fn postgres_has_a_password_that_is_shown_nowhere() {
    let postgres = Postgres::start().expect("PostgreSQL starts");
    let url = postgres.url();
    let password = url
        .strip_prefix("postgres://postgres:")
        .and_then(|rest| rest.split('@').next())
        .expect("a password in the URL");
    assert_eq!(password.len(), 32);
    assert!(!format!("{postgres:?}").contains(password));
    let folder = postgres.socket_folder().expect("a folder");
    let log = std::fs::read_to_string(folder.join("log")).expect("a log");
    assert!(!log.contains(password), "{log}");
    for process in std::fs::read_dir("/proc").expect("processes").flatten() {
        let line = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
        assert!(!String::from_utf8_lossy(&line).contains(password));
    }
}

#[test]
fn data_can_outlive_a_server() {
    let folder = tempfile::tempdir().expect("a folder");
    open_to_all(folder.path());
    let data = folder.path().join("postgres");
    let options = || Postgres::options().data(&data);

    let postgres = options().start().expect("PostgreSQL starts");
    postgres
        .execute("CREATE TABLE item AS SELECT 7 AS id")
        .expect("a table");
    let url = postgres.url();
    let error = options().start().expect_err("the data is in use");
    assert!(error.to_string().contains("postmaster.pid"), "{error}");
    drop(postgres);

    let port = url
        .rsplit_once(':')
        .and_then(|(_, port)| port.split('/').next());
    let port = port.and_then(|port| port.parse().ok()).expect("a port");
    let postgres = options().port(port).start().expect("PostgreSQL starts");
    assert_eq!(postgres.url(), url, "the password is kept with the data");
    assert_eq!(
        postgres.execute("SELECT * FROM item").expect("the row"),
        "7"
    );
    drop(postgres);

    let data = folder.path().join("redis");
    let redis = Redis::options().data(&data).start().expect("Redis starts");
    assert_eq!(ask(&redis, "SET k v"), "+OK");
    drop(redis);
    let redis = Redis::options().data(&data).start().expect("Redis starts");
    assert_eq!(ask(&redis, "GET k"), "$1");
}

#[test]
fn a_setting_that_is_wrong_is_an_error_with_the_log() {
    let error = Postgres::options()
        .set("max_connections", "many")
        .start()
        .expect_err("it cannot start");
    let message = error.to_string();
    assert!(
        message.starts_with("PostgreSQL ended while it started"),
        "{message}"
    );
    assert!(
        message.contains("invalid value for parameter \"max_connections\": \"many\""),
        "{message}"
    );
    let error = Redis::options()
        .set("maxmemory-policy", "sometimes")
        .start()
        .expect_err("it cannot start");
    assert!(error.to_string().contains("maxmemory-policy"), "{error}");
}

#[test]
fn a_port_that_is_taken_is_an_error_when_it_was_asked_for() {
    let taken = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = taken.local_addr().expect("an address").port();
    let error = Redis::options()
        .port(port)
        .start()
        .expect_err("the port is taken");
    assert!(error.to_string().contains("in use"), "{error}");
}

#[test]
fn redis_lives_dies_and_comes_back() {
    let redis = Redis::start().expect("Redis starts");
    assert_eq!(ask(&redis, "SET k v"), "+OK");
    redis.pause().expect("a pause");
    redis.resume().expect("a resume");
    assert_eq!(ask(&redis, "GET k"), "$1");
    redis.kill().expect("a kill");
    TcpStream::connect((Ipv4Addr::LOCALHOST, redis.port().expect("a port")))
        .expect_err("nobody listens");
    redis.restart().expect("a restart");
    assert_eq!(ask(&redis, "GET k"), "$-1", "nothing is kept");
    let socket = redis.socket().expect("a socket");
    assert!(socket.exists());
    drop(redis);
    assert!(!socket.parent().expect("a folder").exists());

    let open = Redis::options()
        .without_password()
        .start()
        .expect("Redis starts");
    assert!(
        open.url().starts_with("redis://127.0.0.1:"),
        "{}",
        open.url()
    );
    assert_eq!(ask(&open, "PING"), "+PONG");
}

#[test]
fn mariadb_lives_dies_and_comes_back() {
    let server = MariaDb::start().expect("MariaDB starts");
    let url = server.create_database("orders").expect("a database");
    assert!(url.ends_with("/orders"), "{url}");
    server
        .execute("CREATE TABLE orders.item AS SELECT 7 AS id, 'a' AS name")
        .expect("a table");
    server.kill().expect("a kill");
    server.restart().expect("a restart");
    assert_eq!(
        server
            .execute("SELECT * FROM orders.item")
            .expect("the row"),
        "7\ta"
    );
    server.pause().expect("a pause");
    server.resume().expect("a resume");
    server.stop().expect("a stop");
    assert_eq!(server.pid(), None);
}

#[test]
fn one_server_is_shared_by_all_threads() {
    let urls: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| Redis::shared().expect("Redis starts").url()))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("a URL"))
            .collect()
    });
    assert!(urls.iter().all(|url| *url == urls[0]), "{urls:?}");
}

/// Sends the first message of a PostgreSQL connection.
fn ssl_request(port: u16) -> TcpStream {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("a connection");
    stream
        .write_all(&[0, 0, 0, 8, 4, 210, 22, 47])
        .expect("a request");
    stream
}

/// The first line of what Redis answers to a command.
fn ask(redis: &Redis, command: &str) -> String {
    let url = redis.url();
    let port = redis.port().expect("a port");
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("a connection");
    let password = url
        .strip_prefix("redis://:")
        .and_then(|rest| rest.split('@').next());
    let login = password.map_or(String::new(), |password| format!("AUTH {password}\r\n"));
    write!(stream, "{login}{command}\r\nQUIT\r\n").expect("a command");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let mut lines = answer.lines();
    if password.is_some() {
        assert_eq!(lines.next(), Some("+OK"), "the login");
    }
    lines.next().expect("an answer").to_owned()
}

fn is_alive(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

/// Root's servers run as another user, who has to get to the data.
fn open_to_all(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).expect("permissions");
}
