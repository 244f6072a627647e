//! A Unix socket instead of a port, or beside it: who may open it, who gets it, and what is left of it.

use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tokio::net::UnixStream;
use tokio::task::JoinSet;

use crate::harness::{Sandbox, Service, within};
use crate::http::{Connection, Request, Response};

/// A service that listens on a socket in a folder, and on nothing else.
fn sandbox(folder: &Path) -> Sandbox {
    Sandbox::new()
        .without("APP_SERVER__PORT")
        .env("APP_SERVER__UNIX_SOCKET", path(folder).to_str().unwrap())
}

fn path(folder: &Path) -> PathBuf {
    folder.join("app.sock")
}

async fn connect(path: &Path) -> Connection<UnixStream> {
    let stream = within("a connection", UnixStream::connect(path)).await;
    Connection::over(stream.unwrap())
}

async fn send(path: &Path, request: Request) -> Response {
    connect(path).await.send(&request).await.unwrap()
}

fn ready(service: &Service) -> &str {
    service.ready["message"].as_str().unwrap()
}

#[tokio::test]
async fn a_service_listens_on_a_socket_instead_of_a_port() {
    let folder = tempfile::tempdir().unwrap();
    let socket = path(folder.path());
    let service = sandbox(folder.path()).start().await;
    let expected = format!(" is ready on unix:{}", socket.display());
    assert!(ready(&service).ends_with(&expected), "{}", service.ready);
    let file = std::fs::symlink_metadata(&socket).unwrap();
    assert!(file.file_type().is_socket());
    assert_eq!(file.permissions().mode() & 0o777, 0o660);

    let mut connection = connect(&socket).await;
    for _ in 0..3 {
        let answer = connection.send(&Request::get("/text")).await.unwrap();
        assert_eq!(answer.text(), "hello");
    }
    let body = vec![7; 1_000_000];
    let answer = connection.send(&Request::post("/bytes").body(body)).await;
    assert_eq!(answer.unwrap().text(), "1000000");

    let exit = sandbox(folder.path()).run(&["health"]).await;
    assert_eq!(exit.code, Some(0), "{exit:?}");

    let exit = service.stop().await;
    assert_eq!(exit.code, Some(0), "{exit:?}");
    assert!(!socket.exists(), "removed at the stop");
    let exit = sandbox(folder.path()).run(&["health"]).await;
    assert_eq!(exit.code, Some(1), "{exit:?}");
    let named = format!("unix:{}", socket.display());
    assert!(exit.stderr.contains(&named), "{exit:?}");
}

/// A port that somebody has set is meant.
#[tokio::test]
async fn a_socket_and_a_port_that_is_set_are_both_listened_on() {
    let folder = tempfile::tempdir().unwrap();
    let socket = path(folder.path());
    let service = sandbox(folder.path())
        .env("APP_SERVER__PORT", "0")
        .env("APP_SERVER__MAX_IN_FLIGHT", "1")
        .start()
        .await;
    let both = format!(
        " is ready on http://{}, unix:{}",
        service.address,
        socket.display()
    );
    assert!(ready(&service).ends_with(&both), "{}", service.ready);
    assert_eq!(service.get("/text").await.text(), "hello");
    assert_eq!(send(&socket, Request::get("/text")).await.text(), "hello");
    // They are one listener with one set of limits.
    let mut busy = service.connect().await;
    busy.write(&Request::get("/sleep?ms=3600000").bytes())
        .await
        .unwrap();
    service
        .log_line("a handler at work", |line| line["message"] == "sleeping")
        .await;
    assert_eq!(send(&socket, Request::get("/text")).await.status, 503);
}

/// With one place for a connection, each of both gets it in turn.
#[tokio::test]
async fn neither_of_two_sockets_starves_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let socket = path(folder.path());
    let service = sandbox(folder.path())
        .env("APP_SERVER__PORT", "0")
        .env("APP_SERVER__MAX_CONNECTIONS", "1")
        .start()
        .await;
    for _ in 0..10 {
        assert_eq!(service.get("/text").await.text(), "hello");
        assert_eq!(send(&socket, Request::get("/text")).await.text(), "hello");
    }
}

/// The proxy is the only one who can be on the other side, so that it need not be named.
#[tokio::test]
async fn who_connects_is_trusted_like_a_proxy() {
    let folder = tempfile::tempdir().unwrap();
    let socket = path(folder.path());
    let service = sandbox(folder.path()).start().await;
    for (forwarded, address) in [
        (None, "127.0.0.1"),
        (Some("6.6.6.6, 203.0.113.9"), "203.0.113.9"),
    ] {
        let mut request = Request::get("/client-ip").header("x-request-id", address);
        if let Some(forwarded) = forwarded {
            request = request.header("x-forwarded-for", forwarded);
        }
        assert_eq!(send(&socket, request).await.text(), address);
        assert_eq!(service.access_line(address).await["client_ip"], address);
    }
}

#[tokio::test]
async fn what_a_killed_process_left_is_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let socket = path(folder.path());
    let service = sandbox(folder.path()).start().await;
    service.signal(Signal::KILL);
    assert_eq!(service.exit().await.code, None);
    assert!(socket.exists(), "nobody could remove it");
    let service = sandbox(folder.path())
        .env("APP_SERVER__UNIX_SOCKET_MODE", "0600")
        .start()
        .await;
    let mode = std::fs::metadata(&socket).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(send(&socket, Request::get("/text")).await.text(), "hello");
    drop(service);
}

#[tokio::test]
async fn a_socket_in_use_is_an_error_and_stays_with_its_owner() {
    let folder = tempfile::tempdir().unwrap();
    let socket = path(folder.path());
    let service = sandbox(folder.path()).start().await;
    let exit = sandbox(folder.path()).run(&[]).await;
    assert_eq!(exit.code, Some(1), "{exit:?}");
    let says = format!(
        "the socket {} is in use by another process",
        socket.display()
    );
    assert!(exit.stderr.contains(&says), "{exit:?}");
    assert_eq!(send(&socket, Request::get("/text")).await.text(), "hello");
    assert_eq!(service.stop().await.code, Some(0));
}

/// The name was given to another file meanwhile, which is not ours to remove.
#[tokio::test]
async fn only_our_own_socket_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let socket = path(folder.path());
    let service = sandbox(folder.path()).start().await;
    std::fs::remove_file(&socket).unwrap();
    let next = sandbox(folder.path()).start().await;
    assert_eq!(service.stop().await.code, Some(0));
    assert_eq!(send(&socket, Request::get("/text")).await.text(), "hello");
    assert_eq!(next.stop().await.code, Some(0));
    assert!(!socket.exists());
}

#[tokio::test]
async fn what_cannot_be_a_socket_is_an_error_that_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("notes.txt");
    std::fs::write(&file, "precious").unwrap();
    let missing = folder.path().join("missing/app.sock");
    let long = folder.path().join("x".repeat(120));
    for (path, says) in [
        (&file, "is there and is no socket"),
        (&missing, "does not exist: create it"),
        (&long, "is too long for a socket"),
    ] {
        let exit = Sandbox::new()
            .env("APP_SERVER__UNIX_SOCKET", path.to_str().unwrap())
            .run(&[])
            .await;
        assert_eq!(exit.code, Some(1), "{exit:?}");
        assert!(
            exit.stderr.contains(says) && exit.stderr.contains(path.to_str().unwrap()),
            "{exit:?}"
        );
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "precious");
    for mode in ["rw-rw----", "0999", "1", "07777"] {
        let exit = sandbox(folder.path())
            .env("APP_SERVER__UNIX_SOCKET_MODE", mode)
            .run(&["check"])
            .await;
        assert_eq!(exit.code, Some(78), "{exit:?}");
        let says = "server.unix_socket_mode: expected the permissions of a file in octal, such as \"0660\"";
        assert!(exit.stderr.contains(says), "{exit:?}");
    }
    let exit = sandbox(folder.path())
        .env("APP_SERVER__UNIX_SOCKET", "")
        .run(&["check"])
        .await;
    assert_eq!(exit.code, Some(78), "{exit:?}");
}

#[tokio::test]
async fn http_2_is_spoken_on_a_socket_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let socket = path(folder.path());
    let service = sandbox(folder.path()).start().await;
    let stream = UnixStream::connect(&socket).await.unwrap();
    let (client, connection) = within("the handshake", h2::client::handshake(stream))
        .await
        .unwrap();
    let mut tasks = JoinSet::new();
    tasks.spawn(connection);
    let mut client = within("the settings", client.ready()).await.unwrap();
    let request = http::Request::get("http://service.test/text")
        .body(())
        .unwrap();
    let (answer, _) = client.send_request(request, true).unwrap();
    let answer = within("an answer", answer).await.unwrap();
    assert_eq!(answer.status(), 200);
    drop(service);
}

/// Who connects and says nothing, or a part of HTTP/2's preface, is cut off as on a port.
#[tokio::test]
async fn a_client_that_does_not_finish_its_head_is_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let socket = path(folder.path());
    let service = sandbox(folder.path())
        .env("APP_SERVER__HEADER_READ_TIMEOUT", "300ms")
        .start()
        .await;
    for beginning in ["", "GET /text HTTP/1.1\r\n", "PRI * HTTP/2.0\r\n\r\n"] {
        let mut slow = connect(&socket).await;
        let at = Instant::now();
        slow.write(beginning.as_bytes()).await.unwrap();
        slow.closed().await.unwrap();
        let took = at.elapsed();
        assert!(
            took >= Duration::from_millis(250) && took < Duration::from_secs(5),
            "{beginning:?}: {took:?}"
        );
    }
    drop(service);
}

/// Clients in the queue of the operating system are connected, and have sent their requests.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_wait_in_the_queue_are_served_before_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let socket = path(folder.path());
    let service = sandbox(folder.path())
        .env("APP_SERVER__MAX_CONNECTIONS", "1")
        .start()
        .await;
    let mut first = connect(&socket).await;
    let answer = first.send(&Request::get("/text")).await.unwrap();
    assert_eq!(answer.status, 200);
    let mut clients = JoinSet::new();
    for _ in 0..50 {
        let mut connection = connect(&socket).await;
        connection
            .write(&Request::get("/text").bytes())
            .await
            .unwrap();
        clients.spawn(async move { connection.answer("GET").await.unwrap().status });
    }
    service.signal(Signal::TERM);
    let answers = within("all answers", clients.join_all()).await;
    assert_eq!(answers, [200; 50]);
    drop(first);
    assert_eq!(service.exit().await.code, Some(0));
    assert!(!socket.exists());
}
