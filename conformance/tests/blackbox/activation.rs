//! Sockets that a service manager has opened: the service takes them, and a restart behind them refuses nobody.

use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::UnixListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::task::JoinSet;

use crate::harness::{Sandbox, within};
use crate::http::{Connection, Request};

fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

#[tokio::test]
async fn a_service_listens_on_the_socket_that_it_is_given() {
    let (listener, address) = listener();
    let service = Sandbox::new()
        .inherits(listener.try_clone().unwrap(), "shop.socket")
        .start()
        .await;
    assert_eq!(service.address, address, "and on no port of its own");
    assert_eq!(service.get("/text").await.text(), "hello");
    assert_eq!(service.get("/health").await.status, 200);
    assert_eq!(service.stop().await.code, Some(0));
}

#[tokio::test]
async fn the_socket_named_management_is_for_the_endpoints() {
    let (listener, address) = listener();
    let service = Sandbox::new()
        .inherits(listener, "management")
        .start()
        .await;
    assert_eq!(service.management.as_deref(), Some(&*address));
    assert_eq!(service.get("/text").await.text(), "hello");
    assert_eq!(service.get("/health").await.status, 404, "it has moved");
    assert_eq!(service.manage("/health").await.status, 200);
    assert_eq!(service.manage("/text").await.status, 404);
    assert_eq!(service.stop().await.code, Some(0));
}

#[tokio::test]
async fn a_unix_socket_stays_where_the_manager_has_put_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.sock");
    let listener = UnixListener::bind(&path).unwrap();
    for _ in 0..2 {
        let service = Sandbox::new()
            .inherits(listener.try_clone().unwrap(), "app.socket")
            .start()
            .await;
        let stream = tokio::net::UnixStream::connect(&path).await.unwrap();
        let mut connection = Connection::over(stream);
        let request = Request::get("/client-ip").header("x-forwarded-for", "203.0.113.9");
        let answer = connection.send(&request).await.unwrap();
        assert_eq!(answer.text(), "203.0.113.9");
        assert_eq!(service.stop().await.code, Some(0));
        assert!(path.exists());
    }
}

/// The variables are inherited by children, for whom they are not meant.
#[tokio::test]
async fn what_is_meant_for_another_process_is_left_alone() {
    let service = Sandbox::new()
        .env("LISTEN_FDS", "1")
        .env("LISTEN_PID", "1")
        .start()
        .await;
    assert_eq!(service.get("/text").await.text(), "hello");
}

#[tokio::test]
async fn what_is_no_listening_socket_is_a_report() {
    let (listener, address) = listener();
    let connection = TcpStream::connect(&address).unwrap();
    let datagrams = UdpSocket::bind("127.0.0.1:0").unwrap();
    for (sandbox, says) in [
        (
            Sandbox::new().inherits(connection, "connection"),
            "(`connection`): is a connection, and no socket that connections come from",
        ),
        (
            Sandbox::new().inherits(datagrams, "udp"),
            "(`udp`): is neither a TCP nor a Unix stream socket",
        ),
    ] {
        let exit = sandbox.run(&[]).await;
        assert_eq!(exit.code, Some(78), "{exit:?}");
        assert!(exit.stderr.contains(says), "{exit:?}");
        assert!(exit.stderr.contains("ListenStream="), "{exit:?}");
    }
    drop(listener);
}

/// Clients that open a connection for each request: some come while there is no process. They wait in the queue of the socket,
/// and neither a connect nor a request fails.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn restarts_behind_a_socket_refuse_nobody() {
    let (listener, address) = listener();
    let start = || {
        Sandbox::new()
            .env("APP_LIFECYCLE__DRAIN_DELAY", "0s")
            .env("APP_LOG__ACCESS", "false")
            .inherits(listener.try_clone().unwrap(), "app.socket")
            .start()
    };
    let (answered, over) = (
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicBool::new(false)),
    );
    let mut service = start().await;
    let mut clients = JoinSet::new();
    for number in 0..8 {
        let (address, answered, over) = (address.clone(), answered.clone(), over.clone());
        clients.spawn(async move {
            let target = ["/text", "/sleep?ms=30"][number % 2];
            while !over.load(Ordering::Relaxed) {
                let mut connection = Connection::open(&address).await.unwrap();
                let answer = connection.send(&Request::get(target)).await.unwrap();
                assert_eq!(answer.status, 200);
                answered.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    for round in 0..3 {
        let before = answered.load(Ordering::Relaxed);
        within("the load", async {
            while answered.load(Ordering::Relaxed) < before + 200 {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        })
        .await;
        assert_eq!(service.stop().await.code, Some(0), "round {round}");
        service = start().await;
    }
    over.store(true, Ordering::Relaxed);
    within("the clients", clients.join_all()).await;
    println!(
        "3 restarts, {} requests answered, 0 lost",
        answered.load(Ordering::Relaxed)
    );
}
