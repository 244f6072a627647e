//! Four times as many requests as may be in flight: the excess is refused at once, and those that got in do not notice.
//!
//! The machine that this runs on may have other things to do, and client and server share it. So what is asserted are medians, and
//! the worst is compared with what the same machine needs for `/live` at the same time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::harness::{Sandbox, Service, within};
use crate::http::{Connection, Request};

const PLACES: usize = 25;

/// What a handler takes.
const WORK: Duration = Duration::from_millis(100);

/// Times of one kind of answer.
#[derive(Default)]
struct Times(Vec<Duration>);

impl Times {
    fn at(&self, part: f64) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        sorted[((sorted.len() - 1) as f64 * part) as usize]
    }

    fn shown(&self) -> String {
        format!(
            "{} with p50 {:?}, p99 {:?}, worst {:?}",
            self.0.len(),
            self.at(0.5),
            self.at(0.99),
            self.at(1.0)
        )
    }
}

#[derive(Default)]
struct Outcome {
    admitted: Times,
    refused: Times,
    live: Times,
}

/// `clients` that ask again and again for `span`, and pause after a refusal, as a client with any manners does; one more asks for
/// `/live`.
async fn load(service: &Service, clients: usize, span: Duration) -> Outcome {
    let start = Arc::new(Barrier::new(clients + 1));
    let mut running = JoinSet::new();
    for number in 0..=clients {
        let (start, address) = (Arc::clone(&start), service.address.clone());
        running.spawn(async move {
            let mut connection = Connection::open(&address).await.unwrap();
            let is_probe = number == clients;
            let request = match is_probe {
                true => Request::get("/live"),
                false => Request::get(&format!("/sleep?ms={}", WORK.as_millis())),
            };
            start.wait().await;
            // Not all of them in the same instant: that would measure how fast one machine sends.
            tokio::time::sleep(Duration::from_millis(number as u64 % 25)).await;
            let mut outcome = Outcome::default();
            let begin = Instant::now();
            while begin.elapsed() < span {
                let at = Instant::now();
                let answer = connection.send(&request).await.unwrap();
                let took = at.elapsed();
                match answer.status {
                    200 if is_probe => {
                        outcome.live.0.push(took);
                        tokio::time::sleep(Duration::from_millis(5)).await;
                    }
                    200 => outcome.admitted.0.push(took),
                    503 => {
                        let retry = answer.header("retry-after").unwrap();
                        assert!(retry.parse::<u32>().unwrap() >= 1, "{answer:?}");
                        assert!(!answer.closes(), "the connection is kept: {answer:?}");
                        outcome.refused.0.push(took);
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                    status => panic!("{status}: {answer:?}"),
                }
            }
            outcome
        });
    }
    let mut all = Outcome::default();
    for outcome in within("the load", running.join_all()).await {
        all.admitted.0.extend(outcome.admitted.0);
        all.refused.0.extend(outcome.refused.0);
        all.live.0.extend(outcome.live.0);
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_times_as_many_as_there_are_places() {
    let service = Sandbox::new()
        .env("APP_SERVER__MAX_IN_FLIGHT", &PLACES.to_string())
        .env("APP_LOG__LEVEL", "warn,rustboot=info")
        .start()
        .await;
    let calm = load(&service, PLACES, Duration::from_secs(3)).await;
    let storm = load(&service, 4 * PLACES, Duration::from_secs(4)).await;
    println!(
        "{PLACES} places. {PLACES} clients: admitted {}; refused {}",
        calm.admitted.shown(),
        calm.refused.0.len()
    );
    println!(
        "{} clients: admitted {}; refused {}; /live {}",
        4 * PLACES,
        storm.admitted.shown(),
        storm.refused.shown(),
        storm.live.shown()
    );
    assert_eq!(calm.refused.0.len(), 0, "there was a place for everybody");
    assert!(storm.refused.0.len() > storm.admitted.0.len());
    // As many were served as could be: a place that is free is taken.
    assert!(
        storm.admitted.0.len() * 2 > calm.admitted.0.len(),
        "{} and {}",
        storm.admitted.0.len(),
        calm.admitted.0.len()
    );
    let limit = Duration::from_millis(10).max(3 * storm.live.at(0.5));
    assert!(storm.refused.at(0.5) < limit, "{:?}", storm.refused.at(0.5));
    // A refusal takes what any answer takes on this machine at this moment.
    let usual = storm.live.at(0.99).max(limit / 2);
    assert!(
        storm.refused.at(0.99) < 4 * usual,
        "{:?}, and {usual:?} for /live",
        storm.refused.at(0.99)
    );
    // What got in keeps its latency.
    let (before, after) = (calm.admitted.at(0.5), storm.admitted.at(0.5));
    assert!(
        after < before + before / 2,
        "{before:?} before, {after:?} under load"
    );
    let metrics = service.metrics().await;
    let shed = metrics.value("http_requests_shed_total", &[]);
    assert_eq!(shed, Some(storm.refused.0.len() as f64));
    assert_eq!(metrics.value("panics_total", &[]), Some(0.0));
}
