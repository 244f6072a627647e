//! The end of streams when the service stops.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use tokio_tungstenite::tungstenite::Message;

use super::{Socket, events};
use crate::harness::{Exit, Sandbox, Service};
use crate::http::{Connection, Request};

async fn begin(service: &Service, target: &str, logs: &str) -> Connection {
    let mut connection = service.connect().await;
    connection
        .write(&Request::get(target).bytes())
        .await
        .unwrap();
    service.log_line(logs, |line| line["message"] == logs).await;
    connection
}

fn aborted(exit: &Exit) -> serde_json::Value {
    let log = exit.log();
    let last = log.iter().find(|line| line["message"] == "stopped");
    last.unwrap()["aborted_requests"].clone()
}

/// "A WebSocket echo, an SSE stream and a 5 s request open at SIGTERM: closed with 1001, ended, and answered."
#[tokio::test]
async fn sockets_are_closed_streams_ended_and_requests_answered() {
    let service = Sandbox::new()
        .journal()
        .env("APP_LIFECYCLE__DRAIN_DELAY", "300ms")
        .start()
        .await;
    let mut slow = begin(&service, "/sleep?ms=5000", "sleeping").await;
    let mut poll = begin(&service, "/poll", "polling").await;
    let mut socket = Socket::open(&service, "/ws/echo").await.unwrap();
    let mut plain = Socket::open(&service, "/ws/plain").await.unwrap();
    let (mut numbers, id) = events(&service, "/sse/numbers?ms=20").await;
    let (mut quiet, _) = events(&service, "/sse/plain").await;
    for socket in [&mut socket, &mut plain] {
        socket.send("before").await;
        assert_eq!(socket.text().await, "before");
    }

    let at = Instant::now();
    service.signal(Signal::TERM);
    service
        .log_line("stopping", |line| line["message"] == "stopping")
        .await;
    // In the drain delay everything is as before, also for those who come now.
    let mut late = Socket::open(&service, "/ws/echo").await.unwrap();
    for socket in [&mut socket, &mut plain, &mut late] {
        socket.send("while draining").await;
        assert_eq!(socket.text().await, "while draining");
    }

    assert_eq!(socket.text().await, "goodbye", "the handler saw `Shutdown`");
    assert_eq!(socket.closed().await.0, 1001);
    assert!(at.elapsed() >= Duration::from_millis(300));
    assert_eq!(late.text().await, "goodbye");
    assert_eq!(late.closed().await.0, 1001);
    assert_eq!(
        plain.closed().await.0,
        1001,
        "whose handler knows nothing of it"
    );

    while numbers.chunk().await.unwrap().is_some() {}
    while quiet.chunk().await.unwrap().is_some() {}
    assert_eq!(poll.answer("GET").await.unwrap().text(), "nothing new");
    let answer = slow.answer("GET").await.unwrap();
    assert_eq!((answer.status, answer.text()), (200, "slept"));
    assert!(answer.closes());

    let exit = service.exit().await;
    assert_eq!(exit.code, Some(0), "{exit:?}");
    assert_eq!(aborted(&exit), 0);
    assert!(exit.journal.contains(&"a socket is closed".to_owned()));
    assert_eq!(exit.journal.last().unwrap(), "on_stop", "after all of them");
    for line in exit.log().iter().filter(|line| line["target"] == "access") {
        assert!(line.get("aborted").is_none(), "{line}");
    }
    let line =
        |line: &serde_json::Value| line["target"] == "access" && line["request_id"] == id.as_str();
    assert!(exit.log().iter().any(line));
}

/// The client is closed in good time, and the handler may take what requests may take.
#[tokio::test]
async fn a_handler_that_is_busy_is_waited_for() {
    let service = Sandbox::new()
        .env("APP_WEBSOCKET__CLOSE_TIMEOUT", "200ms")
        .start()
        .await;
    let mut socket = Socket::open(&service, "/ws/busy?ms=2000").await.unwrap();
    service
        .log_line("busy", |line| line["message"] == "busy")
        .await;
    let at = Instant::now();
    service.signal(Signal::TERM);
    assert_eq!(socket.closed().await.0, 1001);
    let exit = service.exit().await;
    assert_eq!((exit.code, aborted(&exit)), (Some(0), 0.into()), "{exit:?}");
    assert!(
        exit.at - at > Duration::from_millis(1000),
        "{:?}",
        exit.at - at
    );
}

#[tokio::test]
async fn what_does_not_end_by_the_deadline_is_cut_off_and_counted() {
    let service = Sandbox::new()
        .journal()
        .env("APP_LIFECYCLE__SHUTDOWN_TIMEOUT", "700ms")
        .env("APP_WEBSOCKET__CLOSE_TIMEOUT", "100ms")
        .start()
        .await;
    let mut busy = Socket::open(&service, "/ws/busy?ms=3600000").await.unwrap();
    let mut deaf = Socket::open(&service, "/ws/plain/deaf").await.unwrap();
    assert_eq!(deaf.text().await, "hello");
    service
        .log_line("busy", |line| line["message"] == "busy")
        .await;
    let at = Instant::now();
    service.signal(Signal::TERM);
    assert_eq!(
        busy.closed().await.0,
        1001,
        "its client is closed all the same"
    );
    // There is nobody who would write a close.
    match deaf.next().await {
        None | Some(Err(_)) => {}
        Some(Ok(message)) => panic!("{message:?}"),
    }
    let exit = service.exit().await;
    assert_eq!((exit.code, aborted(&exit)), (Some(1), 2.into()), "{exit:?}");
    assert!(exit.at - at < Duration::from_secs(5), "{:?}", exit.at - at);
    assert_eq!(exit.journal.last().unwrap(), "on_stop");
}

/// The close waits for the end of the message that is under way, and no message follows it.
#[tokio::test]
async fn a_socket_that_is_in_the_middle_of_a_message_is_closed_after_it() {
    let service = Sandbox::new().start().await;
    let mut sockets = Vec::new();
    for path in ["/ws/plain", "/ws/echo"] {
        sockets.push(Socket::open(&service, path).await.unwrap());
    }
    let large = "x".repeat(900_000);
    for socket in &mut sockets {
        for _ in 0..20 {
            // More than fits into the buffers: the handlers stand still half-way.
            let sent = tokio::time::timeout(Duration::from_millis(200), {
                use futures_util::SinkExt as _;
                socket.stream.send(large.as_str().into())
            });
            if sent.await.is_err() {
                break;
            }
        }
    }
    service.signal(Signal::TERM);
    service
        .log_line("stopping", |line| line["message"] == "stopping")
        .await;
    for socket in &mut sockets {
        loop {
            match socket.next().await {
                Some(Ok(Message::Text(text))) => {
                    assert!(text.as_str() == large || text.as_str() == "goodbye");
                }
                Some(Ok(Message::Close(Some(frame)))) => {
                    assert_eq!(u16::from(frame.code), 1001);
                    break;
                }
                other => panic!("{other:?}"),
            }
        }
    }
    drop(sockets);
    assert_eq!(service.exit().await.code, Some(0));
}
