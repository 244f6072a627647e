//! `Tx` under answers of every kind, panics, and clients that go away: nothing half-written.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::harness::{Service, within};
use crate::http::{Connection, Request};
use crate::{database, ledger};

/// How many requests. The whole 10,000 take seven seconds on a machine that is at rest; `RUSTBOOT_TEST_ROUNDS` sets the number.
fn requests() -> u64 {
    #[allow(
        clippy::disallowed_methods,
        reason = "a knob of the test, not a setting of an application"
    )]
    let set = std::env::var("RUSTBOOT_TEST_ROUNDS");
    set.map_or(3_000, |rounds| rounds.parse().unwrap())
}

/// An outcome, its status, and whether the pair is there afterwards.
const OUTCOMES: [(&str, u16, bool); 8] = [
    ("ok", 201, true),
    ("slow", 201, true),
    ("moved", 303, true),
    ("teapot", 418, false),
    ("half", 400, false),
    ("error", 500, false),
    ("panic", 500, false),
    // The handler said 201; the transaction had failed, and nothing could be committed.
    ("refused", 0, false),
];

#[derive(Clone, Copy, PartialEq, Debug)]
enum Expected {
    There,
    Absent,
    /// The client was gone before it could know.
    Either,
}

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

async fn lane(address: String, lane: u64, rounds: u64) -> Vec<(String, Expected)> {
    let mut dice = Dice(lane * 7919 + 1);
    let mut expected = Vec::new();
    let mut connection = Connection::open(&address).await.unwrap();
    for round in 0..rounds {
        let name = format!("{lane}-{round}");
        let (outcome, status, there) = OUTCOMES[dice.roll(OUTCOMES.len() as u64) as usize];
        let mounted = ["", "/mounted"][dice.roll(2) as usize];
        let request = Request::post(&format!("{mounted}/pairs/{name}/{outcome}"));
        if dice.roll(4) == 0 {
            // Sends it, and goes away at some moment.
            connection.write(&request.bytes()).await.unwrap();
            tokio::time::sleep(Duration::from_micros(dice.roll(9_000))).await;
            drop(connection);
            connection = Connection::open(&address).await.unwrap();
            let known = if there {
                Expected::Either
            } else {
                Expected::Absent
            };
            expected.push((name, known));
            continue;
        }
        let answer = connection.send(&request).await.unwrap();
        if status == 0 {
            assert!(answer.status >= 400, "{outcome}: {answer:?}");
        } else {
            assert_eq!(answer.status, status, "{outcome}: {answer:?}");
        }
        if answer.closes() {
            connection = Connection::open(&address).await.unwrap();
        }
        let known = if there {
            Expected::There
        } else {
            Expected::Absent
        };
        if there && dice.roll(4) == 0 {
            // Committed before the answer: whoever asks now sees it.
            let seen: BTreeMap<String, i64> = pairs(&mut connection).await;
            assert_eq!(seen.get(&name), Some(&2), "{outcome}");
        }
        expected.push((name, known));
    }
    expected
}

async fn pairs(connection: &mut Connection) -> BTreeMap<String, i64> {
    let answer = connection.send(&Request::get("/pairs")).await.unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    let list = answer.json();
    let list = list.as_array().unwrap().iter();
    list.map(|pair| {
        (
            pair[0].as_str().unwrap().to_owned(),
            pair[1].as_i64().unwrap(),
        )
    })
    .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_half_written_whatever_happens() {
    let service: Service = ledger(&database().await).start().await;
    let lanes = 8;
    let rounds = requests() / lanes;
    let mut set = JoinSet::new();
    for number in 0..lanes {
        set.spawn(lane(service.address.clone(), number, rounds));
    }
    let expected: Vec<_> = set.join_all().await.into_iter().flatten().collect();

    // Requests without a client are rolled back or committed in a moment.
    let mut connection = service.connect().await;
    within("the pool is at rest", async {
        loop {
            let health = connection.send(&Request::get("/metrics")).await.unwrap();
            let text = health.text();
            let used = text
                .lines()
                .find(|line| line.contains("db_client_connection_count") && line.contains("used"));
            if used.is_some_and(|line| line.ends_with(" 0")) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    let found = pairs(&mut connection).await;
    assert!(
        found.values().all(|halves| *halves == 2),
        "half of a pair was written"
    );
    let mut gone = 0;
    for (name, expected) in &expected {
        match expected {
            Expected::There => {
                assert!(found.contains_key(name), "{name} was answered with success")
            }
            Expected::Absent => assert!(!found.contains_key(name), "{name} was not"),
            Expected::Either => gone += 1,
        }
    }
    assert!(gone > 0 && expected.len() as u64 == rounds * lanes);
}

#[tokio::test]
async fn a_commit_that_fails_is_the_answer() {
    let service = ledger(&database().await).start().await;
    for path in ["/pairs/x/refused", "/mounted/pairs/x/refused"] {
        let answer = service.send(Request::post(path)).await;
        assert!(answer.status >= 400, "{answer:?}");
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json")
        );
    }
    let twice = service.send(Request::post("/pairs/y/ok")).await;
    assert_eq!(twice.status, 201);
    let twice = service.send(Request::post("/pairs/y/ok")).await;
    assert_eq!(twice.status, 409);
    assert!(!twice.everything().contains("pair_pkey"), "{twice:?}");
}
