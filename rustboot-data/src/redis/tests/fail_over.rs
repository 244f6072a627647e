//! What is built on Redis while a server takes over from another one: caches, locks, channels, leases of tasks.
//!
//! The two replicas of a service know nothing of each other. Everything happens around one fail-over, since that takes seconds.

use rustboot_core::schedule::{Attempt, LeaseStore as _};

use super::sites::{Site, ask, cluster, sentinels};
use super::*;
use crate::lease::{Store, TaskLeases};
use crate::{
    Cache, CacheConfig, Lock, LockConfig, LockGuard, Missed, PubSub, PubSubConfig, Subscription,
    Ttl,
};

const SECOND: Duration = Duration::from_secs(1);
/// Long enough for nothing to end by itself.
const LONG: Duration = Duration::from_secs(60);
/// Of locks that somebody waits for.
const LEASE: Duration = Duration::from_secs(6);
/// They live on all nodes of a cluster.
const KEYS: usize = 60;

/// One replica of a service.
struct Replica {
    redis: Redis,
    cache: Cache,
    lock: Lock,
    pubsub: PubSub,
    leases: TaskLeases,
}

impl Replica {
    async fn start(site: &Site) -> Self {
        let mut config = config(&site.url);
        config.key_prefix = Some("shop:".to_owned());
        let redis = Redis::connect(&config).await.unwrap();
        let pubsub = PubSub::on_redis(&redis, PubSubConfig::default());
        let limits = CacheConfig {
            jitter: 0.0,
            redis_timeout: Duration::from_millis(500),
            ..CacheConfig::default()
        };
        let (cache, tier) = Cache::beside("test".to_owned(), &limits, &redis, &pubsub);
        tier.listens().await;
        let lock = LockConfig {
            lease: LONG,
            ..LockConfig::default()
        };
        Self {
            lock: Lock::on_redis(&redis, lock),
            leases: TaskLeases {
                name: "Redis",
                store: Store::redis(redis.clone()),
            },
            redis,
            cache,
            pubsub,
        }
    }

    /// Loads what is not there, and says what it got.
    async fn load(&self, key: usize, loaded: u64) -> u64 {
        let (key, began) = (name(key), Instant::now());
        let found = self
            .cache
            .get_or_load(&key, Ttl::of(LONG), || async move { Ok(loaded) });
        let found = found.await.unwrap();
        assert!(began.elapsed() < SECOND * 2, "{:?}", began.elapsed());
        found
    }

    async fn hold(&self, task: &str) -> Attempt {
        self.leases.try_hold(task, "pod-1:7", LONG).await.unwrap()
    }
}

fn name(key: usize) -> String {
    format!("k{key}")
}

/// A name for a lock that lives on the server that is killed.
async fn lost_name(site: &Site, what: &str) -> String {
    for index in 0.. {
        let name = format!("{what} {index}");
        if site.is_on_the_first(&format!("shop:lock:{{{name}}}")).await {
            return name;
        }
    }
    unreachable!()
}

/// What one of them keeps in the cache, the other one finds in its own memory or in Redis, and forgets when it is removed.
async fn they_share(one: &Replica, other: &Replica, value: u64) {
    for key in 0..KEYS {
        let key = name(key);
        until("a value gets from one to the other", async || {
            one.cache.insert(&key, Ttl::of(LONG), value).await;
            other.cache.get::<u64>(&key).await == Some(value)
        })
        .await;
    }
    for key in 0..KEYS {
        let key = name(key);
        one.cache.remove(&key).await;
        until("a removal gets there as well", async || {
            other.cache.get::<u64>(&key).await.is_none()
        })
        .await;
    }
}

/// Whether what one publishes arrives, and what was missed.
async fn arrives(from: &PubSub, to: &mut Subscription) -> Missed {
    until("a message arrives", async || {
        let sent = from.publish("news", "new").await;
        let wait = Duration::from_millis(50);
        sent.is_ok() && tokio::time::timeout(wait, to.recv()).await.is_ok()
    })
    .await;
    to.missed()
}

async fn taken(lock: &Lock, name: &str) -> LockGuard {
    let guard = lock.acquire_within(name, SECOND * 20).await;
    guard.unwrap()
}

async fn everything_goes_on(site: Site) {
    let began = Instant::now();
    let (one, other) = (Replica::start(&site).await, Replica::start(&site).await);
    they_share(&one, &other, 1).await;
    for key in 0..KEYS {
        assert_eq!(one.load(key, 2).await, 2);
    }
    until("both have it", async || {
        one.cache.insert("old", Ttl::of(LONG), 1_u64).await;
        other.cache.get::<u64>("old").await == Some(1)
    })
    .await;
    let mut news = other.pubsub.subscribe("news").await.unwrap();
    arrives(&one.pubsub, &mut news).await;

    let kept = lost_name(&site, "kept").await;
    let kept_guard = taken(&one.lock, &kept).await;
    let free = lost_name(&site, "free").await;
    let free_guard = taken(&one.lock, &free).await;
    let free_token = free_guard.token();
    free_guard.release().await.unwrap();
    let Attempt::Held(task) = one.hold("nightly").await else {
        panic!("it was free");
    };
    site.replicated().await;
    // What comes now the replica does not hear of, in no buffer either.
    site.replica().pause().unwrap();
    let () = ask(site.first(), &["CLIENT", "KILL", "TYPE", "replica"]).await;
    let unheard = lost_name(&site, "unheard").await;
    let unheard_guard = taken(&one.lock.with_lease(LEASE), &unheard).await;
    let site = site.kill_the_first().await;
    site.replica().resume().unwrap();
    let killed = Instant::now();
    println!("prepared within {:?}", began.elapsed());

    // Reads go on, whether somebody takes over already or not, and what is removed meanwhile is gone.
    one.cache.remove("old").await;
    for key in 0..KEYS {
        // From memory or loaded anew: whoever may have missed a removal forgets what it has.
        assert!([2, 3].contains(&one.load(key, 3).await));
        assert!([2, 3, 4].contains(&other.load(key, 4).await));
        assert_eq!(one.load(1000 + key, 5).await, 5);
    }
    assert_eq!(one.cache.get::<u64>("old").await, None);
    println!("read for {:?}", killed.elapsed());
    assert!(kept_guard.is_held());

    // Another server has taken over, and all is as before.
    for replica in [&one, &other] {
        let mut key = 2000;
        until("locks can be taken again", async || {
            key += 1;
            replica.load(key, 6).await;
            // None while a release of an attempt that failed is under way.
            matches!(replica.lock.try_acquire(&free).await, Ok(Some(_)))
        })
        .await;
    }
    let free_guard = taken(&other.lock, &free).await;
    println!("locks after {:?}", killed.elapsed());
    assert!(free_guard.token() > free_token);
    assert!(other.lock.try_acquire(&kept).await.unwrap().is_none());
    let token = kept_guard.token();
    kept_guard.release().await.unwrap();
    assert!(taken(&other.lock, &kept).await.token() > token);
    assert!(matches!(other.hold("nightly").await, Attempt::Taken { .. }));
    let token = task.token();
    task.release().await.unwrap();
    let Attempt::Held(task) = other.hold("nightly").await else {
        panic!("it was given back");
    };
    assert!(task.token() > token);

    // The new one knows nothing of what only the old one was told: somebody else gets the lock, with a larger token, and whoever had
    // it hears of it before his lease is over.
    let next = taken(&other.lock, &unheard).await;
    assert!(next.token() > unheard_guard.token());
    tokio::time::timeout(LEASE, unheard_guard.lost())
        .await
        .unwrap();
    println!("the lost lock after {:?}", killed.elapsed());

    let missed = arrives(&one.pubsub, &mut news).await;
    assert!(missed.interruptions > 0, "{missed:?}");
    println!("messages after {:?}", killed.elapsed());
    let mut held = other.redis.connection().await.unwrap();
    let () = held.set("of its own", 1).await.unwrap();
    they_share(&one, &other, 6).await;
    they_share(&other, &one, 7).await;
    assert_eq!(other.cache.get::<u64>("old").await, None);
    assert_eq!(one.cache.get::<u64>("old").await, None);
    assert!(works(&one.redis).await);
    println!(
        "shared after {:?}, all in {:?}",
        killed.elapsed(),
        began.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_goes_on_with_sentinels() {
    everything_goes_on(sentinels().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_goes_on_in_a_cluster() {
    everything_goes_on(cluster(true).await).await;
}
