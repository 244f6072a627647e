//! Two replicas and one cache: what they share, and what becomes of it when Redis goes away under load and comes back.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustboot_servers::Proxy;
use tokio::task::JoinSet;

use super::{courier, own};
use crate::blocking;
use crate::harness::{Service, eventually, fresh, within};
use crate::http::{Connection, Request};

/// What is promised of a Redis that is back.
const RECOVERY: Duration = Duration::from_secs(2);

/// What a busy machine may add.
const SLACK: Duration = Duration::from_secs(3);

async fn replica(url: &str, folder: &Path) -> Service {
    courier(url)
        .env("APP_FACTS__FOLDER", &folder.display().to_string())
        .env("APP_MANAGEMENT__PORT", "0")
        // It can do without.
        .env("APP_REDIS__CRITICAL", "false")
        .start()
        .await
}

async fn fact(service: &Service, name: &str) -> String {
    let answer = service.get(&format!("/facts/{name}")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.text().to_owned()
}

async fn change(service: &Service, name: &str, fact: &str) {
    let answer = service
        .send(Request::new("PUT", &format!("/facts/{name}")).body(fact))
        .await;
    assert_eq!(answer.status, 204, "{answer:?}");
}

/// How often a fact was really looked up.
fn looked_up(folder: &Path, name: &str) -> usize {
    let all = std::fs::read_to_string(folder.join("looked-up")).unwrap_or_default();
    all.lines().filter(|line| *line == name).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_share_values_and_removals() {
    let server = own().await;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let url = server.url();
    let (a, b) = tokio::join!(replica(&url, folder), replica(&url, folder));
    let mut slowest = Duration::ZERO;
    for n in 0..20 {
        let now = n.to_string();
        change(&a, "x", &now).await;
        assert_eq!(fact(&a, "x").await, now);
        let changed = Instant::now();
        eventually("b has heard", async || fact(&b, "x").await == now).await;
        slowest = slowest.max(changed.elapsed());
    }
    println!("the other replica had a new value after {slowest:?} at most");

    // Looked up once, for both of them and for one that starts later. It is in Redis a moment after the answer.
    let mut name = String::new();
    eventually("one finds what the other looked up", async || {
        name = format!("y{}", fresh());
        std::fs::write(folder.join(&name), "why").unwrap();
        assert_eq!(fact(&a, &name).await, "why");
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(fact(&b, &name).await, "why");
        looked_up(folder, &name) == 1
    })
    .await;
    let late = replica(&url, folder).await;
    assert_eq!(fact(&late, &name).await, "why");
    assert_eq!(looked_up(folder, &name), 1);
    let metrics = late.manage("/metrics").await.text().to_owned();
    for expected in [
        r#"cache_hits_total{cache="default",tier="redis",state="fresh"} 1"#,
        r#"cache_misses_total{cache="default"} 1"#,
    ] {
        assert!(metrics.contains(expected), "{expected}: {metrics}");
    }
    let loads = r#"cache_load_duration_seconds_count{cache="default",outcome="success"}"#;
    assert!(
        !metrics.contains(loads) || metrics.contains(&format!("{loads} 0")),
        "{metrics}"
    );
    let conditions = late.manage("/conditions").await.text().to_owned();
    let tiers = "default: in memory, and in Redis for all replicas";
    assert!(conditions.contains(tiers), "{conditions}");
    for service in [a, b, late] {
        assert_eq!(service.stop().await.code, Some(0));
    }
}

/// The clients of one replica.
#[derive(Default)]
struct Clients {
    away: AtomicBool,
    over: AtomicBool,
    asked: AtomicUsize,
    asked_away: AtomicUsize,
    slowest_away_micros: AtomicUsize,
}

impl Clients {
    /// Asks for what is in memory, and for what nobody has asked for before.
    async fn ask(self: Arc<Self>, address: String, client: usize) {
        let mut connection = Connection::open(&address).await.unwrap();
        for n in 0_usize.. {
            if self.over.load(Ordering::SeqCst) {
                return;
            }
            let target = match n % 2 {
                0 => "/facts/hot".to_owned(),
                _ => format!("/facts/cold-{client}-{n}"),
            };
            let away = self.away.load(Ordering::SeqCst);
            let began = Instant::now();
            let answer = connection.send(&Request::get(&target)).await.unwrap();
            assert_eq!(answer.status, 200, "{answer:?}");
            self.asked.fetch_add(1, Ordering::SeqCst);
            if away {
                self.asked_away.fetch_add(1, Ordering::SeqCst);
                let took = usize::try_from(began.elapsed().as_micros()).unwrap();
                self.slowest_away_micros.fetch_max(took, Ordering::SeqCst);
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

/// Takes Redis away from two replicas under load, changes something meanwhile, and gives it back.
async fn goes_on(name: &str, url: &str, take: impl AsyncFnOnce(), give_back: impl AsyncFnOnce()) {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (a, b) = tokio::join!(replica(url, folder), replica(url, folder));
    for name in ["hot", "changed"] {
        change(&a, name, "old").await;
        for service in [&a, &b] {
            assert_eq!(fact(service, name).await, "old");
        }
    }
    let clients = Arc::new(Clients::default());
    let mut asking = JoinSet::new();
    for client in 0..6 {
        asking.spawn(Arc::clone(&clients).ask(a.address.clone(), client));
    }
    tokio::time::sleep(Duration::from_millis(300)).await;

    take().await;
    clients.away.store(true, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let began = Instant::now();
    change(&a, "changed", "new").await;
    let changing = began.elapsed();
    assert!(changing < SLACK, "{changing:?}");
    for service in [&a, &b] {
        assert_eq!(service.get("/ready").await.status, 200);
    }
    // Who made the change sees it at once. The other one cannot know, and answers all the same.
    assert_eq!(fact(&a, "changed").await, "new");
    fact(&b, "changed").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    clients.away.store(false, Ordering::SeqCst);

    give_back().await;
    let back = Instant::now();
    // Values are shared again: what one looks up, the other one finds.
    eventually("values are shared", async || {
        let name = format!("shared-{}", fresh());
        fact(&a, &name).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
        fact(&b, &name).await;
        looked_up(folder, &name) == 1
    })
    .await;
    let shared = back.elapsed();
    // In which order they hear of the change is open. After a moment nobody has the old value any more, nor gets it back.
    let late = replica(url, folder).await;
    let mut heard = Duration::ZERO;
    while back.elapsed() < RECOVERY + SLACK + Duration::from_secs(1) {
        assert_eq!(fact(&a, "changed").await, "new");
        for service in [&b, &late] {
            if fact(service, "changed").await == "old" {
                heard = back.elapsed();
            }
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    for (what, took) in [("heard", heard), ("shared", shared)] {
        assert!(took < RECOVERY + SLACK, "{name}: {what} after {took:?}");
    }
    clients.over.store(true, Ordering::SeqCst);
    while let Some(ended) = asking.join_next().await {
        ended.unwrap();
    }
    a.log_line("that it went away", |line| {
        line["message"] == "the cache goes on without Redis"
    })
    .await;
    a.log_line("that it is back", |line| {
        line["message"] == "Redis is used again"
    })
    .await;
    let micros = clients.slowest_away_micros.load(Ordering::SeqCst) as u64;
    let slowest = Duration::from_micros(micros);
    // `cache.redis_timeout`, twice: to look, and to keep.
    assert!(slowest < Duration::from_millis(200) + SLACK, "{slowest:?}");
    println!(
        "{name}: {} answers, {} of them without Redis, the slowest after {slowest:?}; a change took {changing:?}; \
         back: the last old value after {heard:?}, values were shared after {shared:?}",
        clients.asked.load(Ordering::SeqCst),
        clients.asked_away.load(Ordering::SeqCst),
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_goes_on_when_redis_is_killed() {
    let server = own().await;
    let (kill, restart) = (Arc::clone(&server), Arc::clone(&server));
    goes_on(
        "killed",
        &server.url(),
        async || blocking(move || kill.kill().unwrap()).await,
        async || blocking(move || restart.restart().unwrap()).await,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_goes_on_when_redis_is_frozen() {
    let server = own().await;
    goes_on(
        "frozen",
        &server.url(),
        async || server.pause().unwrap(),
        async || server.resume().unwrap(),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_goes_on_when_the_network_swallows_everything() {
    let server = own().await;
    let proxy = Proxy::before(&server.url()).unwrap();
    goes_on(
        "swallowed",
        &proxy.url(),
        async || proxy.swallow(true),
        async || proxy.swallow(false),
    )
    .await;
}

/// With Redis and without, a thousand who ask for what nobody has look it up once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_for_one_cold_key_with_and_without_redis() {
    let server = own().await;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let service = courier(&server.url())
        .env("APP_FACTS__FOLDER", &folder.display().to_string())
        .env("APP_FACTS__TAKES", "500ms")
        .start()
        .await;
    for name in ["with", "without"] {
        if name == "without" {
            let server = Arc::clone(&server);
            blocking(move || server.kill().unwrap()).await;
            // The replica forgets what it has in memory, and what it is loading, when it notices that it may have missed a
            // removal: it looks every half second.
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
        std::fs::write(folder.join(name), "known").unwrap();
        let mut connections = Vec::new();
        for _ in 0..1000 {
            connections.push(service.connect().await);
        }
        let mut asking = JoinSet::new();
        for mut connection in connections {
            let request = Request::get(&format!("/facts/{name}"));
            asking.spawn(async move { connection.send(&request).await.unwrap() });
        }
        for answer in within("all answers", asking.join_all()).await {
            assert_eq!((answer.status, answer.text()), (200, "known"));
        }
        assert_eq!(looked_up(folder, name), 1, "{name} Redis");
    }
}
