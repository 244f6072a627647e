//! Eight processes want one lock, and now and then one of them is killed while it has it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::{courier, own};
use crate::harness::{Service, eventually};

const LEASE: Duration = Duration::from_secs(2);
const PROCESSES: usize = 8;

/// `CONFORMANCE_LOCK_SECONDS=30` makes it as long as the promise is.
fn length() -> Duration {
    #[allow(
        clippy::disallowed_methods,
        reason = "whoever runs the test says for how long"
    )]
    let seconds = std::env::var("CONFORMANCE_LOCK_SECONDS");
    Duration::from_secs(seconds.map_or(6, |seconds| seconds.parse().unwrap()))
}

async fn contender(url: &str, folder: &Path) -> Service {
    courier(url)
        .env("APP_CONTEST__FOLDER", &folder.display().to_string())
        .env("APP_CONTEST__LEASE", "2s")
        .start()
        .await
}

fn trace(folder: &Path) -> Vec<(u32, String)> {
    let text = std::fs::read_to_string(folder.join("trace")).unwrap_or_default();
    let line = |line: &str| {
        let (process, what) = line.split_once(' ').unwrap();
        (process.parse().unwrap(), what.to_owned())
    };
    text.lines().map(line).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn never_two_at_a_time() {
    let server = own().await;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let url = server.url();
    let starting = (0..PROCESSES).map(|_| contender(&url, folder));
    let mut services = futures_util::future::join_all(starting).await;
    let began = Instant::now();
    let mut gaps = Vec::new();
    let mut killed = 0;
    while began.elapsed() < length() {
        tokio::time::sleep(length() / 4).await;
        // Whoever is inside right now.
        let holder = loop {
            let inside = std::fs::read_to_string(folder.join("inside")).unwrap_or_default();
            let Ok(pid) = inside.parse::<i32>() else {
                tokio::task::yield_now().await;
                continue;
            };
            break Pid::from_raw(pid).unwrap();
        };
        kill_process(holder, Signal::KILL).unwrap();
        let died = Instant::now();
        let was_inside = {
            let inside = std::fs::read_to_string(folder.join("inside")).unwrap_or_default();
            inside == holder.as_raw_nonzero().to_string()
        };
        killed += 1;
        let before = trace(folder).len();
        eventually("the next one enters", async || trace(folder).len() > before).await;
        if was_inside {
            gaps.push(died.elapsed());
        }
        services.push(contender(&url, folder).await);
    }
    for service in services {
        drop(service);
    }
    let trace = trace(folder);
    let mut last = 0;
    let mut entered: BTreeMap<u32, usize> = BTreeMap::new();
    for (process, what) in &trace {
        let Some(token) = what.strip_prefix("entered with ") else {
            panic!("{process} {what}");
        };
        let token: u64 = token.parse().unwrap();
        assert!(token > last, "{token} after {last}");
        last = token;
        *entered.entry(*process).or_default() += 1;
    }
    assert!(trace.len() > 50, "{}", trace.len());
    // Between processes there is no order, so in a short run one of them may have no turn. Most have one, or nobody contended.
    assert!(entered.len() > PROCESSES / 2, "{entered:?}");
    for gap in &gaps {
        assert!(*gap < LEASE + Duration::from_secs(1), "{gap:?}");
    }
    let turns: Vec<_> = entered.values().collect();
    println!(
        "{PROCESSES} processes, {:?}: entered {} times ({turns:?}), {killed} killed, free again after {gaps:?}",
        began.elapsed(),
        trace.len()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_and_one_lock() {
    let server = own().await;
    let one = courier(&server.url())
        .env("APP_MANAGEMENT__PORT", "0")
        .start()
        .await;
    let other = courier(&server.url()).start().await;
    let post = || crate::http::Request::post("/locks/settlement");
    let (first, second) = tokio::join!(one.send(post()), other.send(post()));
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    let token = |text: &str| text.parse::<u64>().unwrap();
    let earlier = if first.status == 200 { first } else { second };
    let later = other.send(post()).await;
    assert!(token(later.text()) > token(earlier.text()));
    let conditions = one.manage("/conditions").await.text().to_owned();
    assert!(
        conditions.contains("on Redis, for all replicas"),
        "{conditions}"
    );
    let metrics = one.manage("/metrics").await.text().to_owned();
    assert!(
        metrics.contains("lock_wait_time_seconds_count"),
        "{metrics}"
    );
}
