//! A rolling restart under load.
//!
//! What is asserted: **once a connection is open, every request that is sent on it gets its whole answer.** A connection is
//! open when `connect()` has returned, and until the server has said that it closes it: by `connection: close` in an
//! answer, or by ending it before the request was sent. No reset, no end in the middle, no answer that is not the
//! expected one counts as fine.
//!
//! What is not a loss: `connect()` that is refused. That happens when the port is closed, after the drain delay, and a load
//! balancer tries another replica then, since nothing was sent.

use std::io::{Error, ErrorKind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::process::Signal;
use tokio::task::JoinSet;

use crate::harness::{Sandbox, within};
use crate::http::{Connection, Request, Response};

/// What all clients of a round write down.
#[derive(Default)]
struct Tally {
    answered: Mutex<usize>,
    after_signal: Mutex<usize>,
    lost: Mutex<Vec<String>>,
    signalled: AtomicBool,
}

impl Tally {
    fn note(&self, what: &Kind, outcome: Result<&Response, &Error>) {
        match outcome {
            Ok(answer) if answer.status == 200 && answer.body == what.answer => {
                *self.answered.lock().unwrap() += 1;
                if self.signalled.load(Ordering::Relaxed) {
                    *self.after_signal.lock().unwrap() += 1;
                }
            }
            outcome => self
                .lost
                .lock()
                .unwrap()
                .push(format!("{}: {outcome:?}", what.request.target)),
        }
    }
}

impl Tally {
    /// Fails when anything was lost.
    fn assert_nothing_lost(&self, what: &str) {
        let answered = self.answered.lock().unwrap();
        assert_eq!(
            *self.lost.lock().unwrap(),
            [""; 0],
            "{what}, {answered} answered"
        );
    }
}

/// A request with the answer that it must get.
#[derive(Clone)]
struct Kind {
    request: Request,
    answer: Vec<u8>,
}

fn kinds() -> Vec<Kind> {
    let body = r#"{"text":"something to carry back and forth"}"#;
    let pieces: String = (0..3).map(|piece| format!("piece {piece}\n")).collect();
    [
        (Request::get("/text"), "hello"),
        (Request::get("/sleep?ms=20"), "slept"),
        (Request::post("/echo").json(body), body),
        (Request::post("/mounted/echo").json(body), body),
        (Request::get("/stream?pieces=3&ms=5"), &pieces),
    ]
    .map(|(request, answer)| Kind {
        request,
        answer: answer.as_bytes().to_vec(),
    })
    .to_vec()
}

/// `None` when the port is closed. Any other failure to connect is a loss: somebody had accepted, or would have to.
async fn connect(address: &str, tally: &Tally) -> Option<Connection> {
    match Connection::open(address).await {
        Ok(connection) => Some(connection),
        Err(error)
            if error.kind() == ErrorKind::ConnectionRefused
                && tally.signalled.load(Ordering::Relaxed) =>
        {
            None
        }
        Err(error) => {
            tally
                .lost
                .lock()
                .unwrap()
                .push(format!("connect: {error:?}"));
            None
        }
    }
}

/// Sends one request after the other on one connection, as long as the server keeps it.
async fn keep_alive_client(address: String, tally: Arc<Tally>, first: usize, pause: Duration) {
    let kinds = kinds();
    let mut next = first;
    while let Some(mut connection) = connect(&address, &tally).await {
        loop {
            tokio::time::sleep(pause).await;
            if connection.is_closed() {
                break;
            }
            let kind = &kinds[next % kinds.len()];
            next += 1;
            let outcome = connection.send(&kind.request).await;
            tally.note(kind, outcome.as_ref());
            if outcome.map_or(true, |answer| answer.closes()) {
                break;
            }
        }
    }
}

/// Opens a connection for each request, as long as that works.
async fn impatient_client(address: String, tally: Arc<Tally>, first: usize) {
    let kinds = kinds();
    let mut next = first;
    while let Some(mut connection) = connect(&address, &tally).await {
        let kind = &kinds[next % kinds.len()];
        next += 1;
        tally.note(kind, connection.send(&kind.request).await.as_ref());
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// One round: load, SIGTERM in the middle of it, and the end.
async fn round(drain_delay: &str) {
    let service = Sandbox::new()
        .env("APP_LIFECYCLE__DRAIN_DELAY", drain_delay)
        .env("APP_LOG__ACCESS", "false")
        .start()
        .await;
    let tally = Arc::new(Tally::default());
    let mut clients = JoinSet::new();
    for number in 0..64 {
        let pause = Duration::from_millis(60 + number % 7);
        let number = usize::try_from(number).unwrap();
        clients.spawn(keep_alive_client(
            service.address.clone(),
            Arc::clone(&tally),
            number,
            pause,
        ));
    }
    for number in 0..3 {
        clients.spawn(impatient_client(
            service.address.clone(),
            Arc::clone(&tally),
            number,
        ));
    }
    within("the load", async {
        while *tally.answered.lock().unwrap() < 400 && tally.lost.lock().unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    tally.signalled.store(true, Ordering::Relaxed);
    service.signal(Signal::TERM);
    within("the end of all clients", clients.join_all()).await;
    let exit = service.exit().await;
    tally.assert_nothing_lost(&format!("drain delay {drain_delay}"));
    assert_eq!(exit.code, Some(0), "{exit:?}");
    assert!(exit.logged("stop: requests done"), "{exit:?}");
    assert!(
        *tally.after_signal.lock().unwrap() > 0,
        "the load went on while it stopped"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_under_load_loses_no_request() {
    for _ in 0..5 {
        round("300ms").await;
    }
}

/// Without a drain delay the port closes at once, in the middle of everything.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_under_load_loses_no_request_without_a_drain_delay() {
    for _ in 0..5 {
        round("0s").await;
    }
}

/// Connections beyond `server.max_connections` wait in the queue of the operating system. Their clients are connected, and
/// have sent their requests.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_wait_in_the_queue_are_served_before_the_end() {
    let service = Sandbox::new()
        .env("APP_SERVER__MAX_CONNECTIONS", "1")
        .start()
        .await;
    let mut first = service.connect().await;
    assert_eq!(
        first.send(&Request::get("/text")).await.unwrap().status,
        200
    );
    let tally = Arc::new(Tally::default());
    let mut clients = JoinSet::new();
    for _ in 0..120 {
        let mut connection = service.connect().await;
        let kind = kinds().swap_remove(0);
        connection.write(&kind.request.bytes()).await.unwrap();
        let tally = Arc::clone(&tally);
        clients.spawn(async move { tally.note(&kind, connection.answer("GET").await.as_ref()) });
    }
    service.signal(Signal::TERM);
    clients.join_all().await;
    tally.assert_nothing_lost("from the queue");
    drop(first);
    assert_eq!(service.exit().await.code, Some(0));
}
