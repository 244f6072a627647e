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

/// How the clients of a round use connections.
#[derive(Debug, Clone, Copy)]
enum Clients {
    /// 64 that keep theirs for as long as the server does.
    KeepAlive,
    /// 8 that open one for each request.
    OnePerRequest,
    /// 64 of the first kind and 3 of the second.
    Both,
}

impl Clients {
    fn numbers(self) -> (usize, usize) {
        match self {
            Self::KeepAlive => (64, 0),
            Self::OnePerRequest => (0, 8),
            Self::Both => (64, 3),
        }
    }
}

/// How many rounds: few, or as many as `CONFORMANCE_ROUNDS` says, which then have the drain delay of the contract.
#[expect(
    clippy::disallowed_methods,
    reason = "says how long the tests run, and configures nothing"
)]
fn rounds(few: usize, drain_delay: &'static str) -> (usize, &'static str) {
    match std::env::var("CONFORMANCE_ROUNDS") {
        Ok(rounds) => (rounds.parse().unwrap(), "1s"),
        Err(_) => (few, drain_delay),
    }
}

/// One round: start, load, SIGTERM in the middle of it, and the end. How many requests were answered, and how many of those
/// after the signal.
async fn round(clients: Clients, drain_delay: &str) -> (usize, usize) {
    let service = Sandbox::new()
        .env("APP_LIFECYCLE__DRAIN_DELAY", drain_delay)
        .env("APP_LOG__ACCESS", "false")
        .start()
        .await;
    let tally = Arc::new(Tally::default());
    let mut running = JoinSet::new();
    let (keep_alive, one_per_request) = clients.numbers();
    for number in 0..keep_alive {
        let pause = Duration::from_millis(60 + number as u64 % 7);
        let address = service.address.clone();
        running.spawn(keep_alive_client(
            address,
            Arc::clone(&tally),
            number,
            pause,
        ));
    }
    for number in 0..one_per_request {
        let address = service.address.clone();
        running.spawn(impatient_client(address, Arc::clone(&tally), number));
    }
    within("the load", async {
        while *tally.answered.lock().unwrap() < 400 && tally.lost.lock().unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    tally.signalled.store(true, Ordering::Relaxed);
    service.signal(Signal::TERM);
    within("the end of all clients", running.join_all()).await;
    let exit = service.exit().await;
    tally.assert_nothing_lost(&format!("{clients:?}, drain delay {drain_delay}"));
    assert_eq!(exit.code, Some(0), "{exit:?}");
    assert!(exit.logged("stop: requests done"), "{exit:?}");
    let after_signal = *tally.after_signal.lock().unwrap();
    assert!(after_signal > 0, "the load went on while it stopped");
    (*tally.answered.lock().unwrap(), after_signal)
}

async fn lose_nothing(clients: Clients, few: usize, drain_delay: &'static str) {
    let (rounds, drain_delay) = rounds(few, drain_delay);
    let (mut answered, mut after_signal) = (0, 0);
    for _ in 0..rounds {
        let (all, late) = round(clients, drain_delay).await;
        answered += all;
        after_signal += late;
    }
    // Shown with --nocapture: a number that nothing was lost of is worth more than "ok".
    println!(
        "{clients:?}, drain delay {drain_delay}: {rounds} rounds, {answered} requests answered, {after_signal} of them after SIGTERM, 0 lost"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_under_load_loses_no_request() {
    lose_nothing(Clients::KeepAlive, 3, "300ms").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_loses_no_request_of_clients_that_connect_for_each() {
    lose_nothing(Clients::OnePerRequest, 3, "300ms").await;
}

/// Without a drain delay the port closes at once, in the middle of everything.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_under_load_loses_no_request_without_a_drain_delay() {
    for _ in 0..5 {
        round(Clients::Both, "0s").await;
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
