//! A task that runs on one replica only, on five: one after the other runs it, whoever is killed, and whatever becomes of the
//! store.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustboot_servers::Postgres;
use rustix::process::Signal;

use crate::harness::{Sandbox, Service, eventually};
use crate::{blocking, ledger};

const LEASE: Duration = Duration::from_secs(2);
const REPLICAS: usize = 5;

/// What a busy machine may add.
const SLACK: Duration = Duration::from_secs(3);

async fn replica(sandbox: Sandbox, folder: &Path) -> Service {
    sandbox
        .env("APP_TURNS__FOLDER", &folder.display().to_string())
        .env("APP_TURNS__ENABLED", "true")
        .env("APP_SCHEDULE__LEASE", "2s")
        .env("APP_MANAGEMENT__PORT", "0")
        .start()
        .await
}

/// Who ran the task, and with which token.
fn turns(folder: &Path) -> Vec<(u32, u64)> {
    let text = std::fs::read_to_string(folder.join("turns")).unwrap_or_default();
    let turn = |line: &str| {
        let (process, token) = line.split_once(' ').unwrap();
        let token = token.parse();
        (
            process.parse().unwrap(),
            token.unwrap_or_else(|_| panic!("{line}")),
        )
    };
    text.lines().map(turn).collect()
}

/// What `/tasks` says of it: whether this replica runs it, and who does.
async fn stands(service: &Service) -> (bool, String) {
    let tasks = service.manage("/tasks").await.json();
    let tasks = tasks["tasks"].as_array().unwrap();
    let turn = tasks.iter().find(|task| task["name"] == "turn").unwrap();
    let leads = turn["singleton"]["leads"].as_bool().unwrap();
    let leader = turn["singleton"]["leader"].as_str().unwrap_or_default();
    (leads, leader.to_owned())
}

/// The one that runs it, when all agree on that.
async fn leader(services: &[Service]) -> usize {
    let mut found = 0;
    eventually("all know who runs it", async || {
        let mut stand = Vec::new();
        for service in services {
            stand.push(stands(service).await);
        }
        let leads: Vec<usize> = (0..stand.len()).filter(|n| stand[*n].0).collect();
        let [one] = leads[..] else { return false };
        found = one;
        let process = format!(":{}", services[one].pid());
        stand.iter().all(|(_, leader)| leader.ends_with(&process))
    })
    .await;
    found
}

/// Waits until somebody else runs it, and says how long that took.
async fn taken_over(folder: &Path, from: u32) -> Duration {
    let began = Instant::now();
    eventually("somebody else runs it", async || {
        turns(folder)
            .last()
            .is_some_and(|(process, _)| *process != from)
    })
    .await;
    began.elapsed()
}

/// Replicas on one store: `make` gives what one is started with.
async fn take_turns(
    store: &str,
    make: impl Fn() -> Sandbox,
    take: impl AsyncFnOnce(),
    give_back: impl AsyncFnOnce(),
) {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let starting = (0..REPLICAS).map(|_| replica(make(), folder));
    let mut services = futures_util::future::join_all(starting).await;

    // Killed: another one takes over when the lease ends.
    let mut after_kill = Vec::new();
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let killed = services.remove(leader(&services).await);
        let pid = killed.pid();
        killed.signal(Signal::KILL);
        after_kill.push(taken_over(folder, pid).await);
        services.push(replica(make(), folder).await);
    }
    // Stopped: it gives the lease back, and nobody waits for the end of it.
    let stopped = services.remove(leader(&services).await);
    let pid = stopped.pid();
    let began = Instant::now();
    assert_eq!(stopped.stop().await.code, Some(0));
    let stop = began.elapsed();
    let after_stop = taken_over(folder, pid).await;

    // Without the store nobody knows who runs it, so nobody does.
    let last = services.remove(leader(&services).await);
    let metrics = last.manage("/metrics").await.text().to_owned();
    for expected in [
        r#"scheduled_task_leader{task="turn"} 1"#,
        r#"scheduled_task_lease_lost_total{task="turn"} 0"#,
    ] {
        assert!(metrics.contains(expected), "{expected}: {metrics}");
    }
    let conditions = last.manage("/conditions").await.text().to_owned();
    let said = format!("leases on {store}, what is configured says so");
    assert!(conditions.contains(&said), "{conditions}");
    services.push(last);
    take().await;
    tokio::time::sleep(LEASE + SLACK).await;
    let before = turns(folder).len();
    tokio::time::sleep(LEASE).await;
    assert_eq!(turns(folder).len(), before, "it runs without the store");
    give_back().await;
    let back = Instant::now();
    eventually("it runs again", async || turns(folder).len() > before).await;
    let after_outage = back.elapsed();

    let mut last = (0, 0);
    let turns = turns(folder);
    for (process, token) in &turns {
        assert!(*token >= last.1, "{token} after {last:?}");
        let same = *process == last.0;
        assert!(
            same || *token > last.1,
            "{process} has the token of {last:?}"
        );
        last = (*process, *token);
    }
    assert!(turns.len() > 20, "{}", turns.len());
    for took in after_kill.iter().chain([&after_stop]) {
        assert!(*took < LEASE + SLACK, "{took:?}");
    }
    assert!(after_outage < LEASE * 2 + SLACK, "{after_outage:?}");
    println!(
        "{store}: {} runs; taken over {after_kill:?} after a kill, {after_stop:?} after a stop that took {stop:?}, \
         {after_outage:?} after an outage",
        turns.len()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn never_two_at_once_on_redis() {
    let server = crate::redis::own().await;
    let (kill, restart) = (Arc::clone(&server), Arc::clone(&server));
    take_turns(
        "Redis",
        || crate::redis::courier(&server.url()),
        async || blocking(move || kill.kill().unwrap()).await,
        async || blocking(move || restart.restart().unwrap()).await,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn never_two_at_once_on_postgres() {
    let (server, url) = blocking(|| {
        let server = Postgres::start().unwrap();
        let url = server.create_database("ledger").unwrap();
        (Arc::new(server), url)
    })
    .await;
    let (kill, restart) = (Arc::clone(&server), Arc::clone(&server));
    take_turns(
        "PostgreSQL",
        || ledger(&url),
        async || blocking(move || kill.kill().unwrap()).await,
        async || blocking(move || restart.restart().unwrap()).await,
    )
    .await;
}
