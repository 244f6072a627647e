//! Two replicas, which are two caches of one name, on a real Redis; and what becomes of them without it.
#![allow(
    clippy::disallowed_methods,
    reason = "tests start tasks that no application waits for"
)]

use std::time::Instant;

use ::redis::AsyncCommands as _;
use rustboot_servers::Redis as Server;

use super::*;
use crate::{PubSub, PubSubConfig, Redis, RedisConfig};

/// Starting and stopping a server blocks.
pub(super) async fn blocking<T: Send + 'static>(call: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(call).await.unwrap()
}

/// A Redis, and what the keys of one test begin with.
pub(super) struct World {
    url: String,
    pub(super) prefix: String,
}

impl World {
    pub(super) async fn shared() -> Self {
        Self::at(blocking(|| Server::shared().unwrap().url()).await)
    }

    pub(super) fn at(url: String) -> Self {
        Self {
            url,
            prefix: format!("test{:016x}:", fastrand::u64(..)),
        }
    }

    pub(super) async fn redis(&self) -> Redis {
        let config = RedisConfig {
            url: Some(self.url.clone().into()),
            key_prefix: Some(self.prefix.clone()),
            connect_timeout: SECOND * 10,
            ..RedisConfig::default()
        };
        Redis::connect(&config).await.unwrap()
    }

    pub(super) async fn replica(&self) -> Cache {
        self.replica_with(|_| ()).await
    }

    pub(super) async fn replica_with(&self, change: impl FnOnce(&mut CacheConfig)) -> Cache {
        let redis = self.redis().await;
        let pubsub = PubSub::on_redis(&redis, PubSubConfig::default());
        let mut config = CacheConfig {
            jitter: 0.0,
            // A busy machine is slow, and no test but one is about that.
            redis_timeout: SECOND * 5,
            ..CacheConfig::default()
        };
        change(&mut config);
        let (cache, tier) = Cache::beside("test".to_owned(), &config, &redis, &pubsub);
        if config.enabled {
            tier.listens().await;
        }
        cache
    }

    /// How the key of a value is called.
    async fn key(&self, redis: &Redis, key: &str) -> String {
        let epoch: Option<String> = { redis }
            .get(format!("{}cache:test", self.prefix))
            .await
            .unwrap();
        let epoch = epoch.unwrap_or_default();
        format!("{}cache:test:{epoch}:{key}", self.prefix)
    }
}

async fn load(cache: &Cache, source: &Source) -> usize {
    let loaded = cache.get_or_load("k", MINUTE, || source.number()).await;
    loaded.unwrap()
}

/// Waits for something that takes a moment.
pub(super) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !holds().await {
        assert!(began.elapsed() < SECOND * 20, "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Whether the value is in Redis: a load writes it when it has answered already.
pub(super) async fn is_written(redis: &Redis, key: &str) -> bool {
    let found: Option<String> = { redis }.get(key).await.unwrap();
    found.is_some_and(|found| !found.ends_with(" -\n"))
}

#[tokio::test]
async fn what_one_replica_loaded_the_others_find() {
    let world = World::shared().await;
    let (a, b, redis) = (
        world.replica().await,
        world.replica().await,
        world.redis().await,
    );
    let source = Source::quick();
    assert_eq!(load(&a, &source).await, 1);
    until("it is written", async || {
        is_written(&redis, &world.key(&redis, "k").await).await
    })
    .await;
    assert_eq!(load(&b, &source).await, 1);
    let c = world.replica().await;
    assert_eq!(c.get::<usize>("k").await, Some(1));
    // From memory.
    assert_eq!((c.count().0, c.get::<usize>("k").await), (1, Some(1)));
    assert_eq!(c.get::<String>("k").await, None);
    assert_eq!(c.get::<usize>("other").await, None);
    assert_eq!(c.count(), (1, 0));

    a.insert("put", MINUTE, "in".to_owned()).await;
    assert_eq!(b.get::<String>("put").await.as_deref(), Some("in"));
    let left: i64 = { &redis }
        .pttl(world.key(&redis, "put").await)
        .await
        .unwrap();
    assert!((50_000..=60_000).contains(&left), "{left}");
}

#[tokio::test]
async fn what_one_replica_removes_is_gone_on_all() {
    let world = World::shared().await;
    let (a, b) = (world.replica().await, world.replica().await);
    let source = Source::quick();
    for round in 0..20 {
        a.insert("k", MINUTE, round).await;
        until("b has it", async || b.get::<i32>("k").await == Some(round)).await;
        a.remove("k").await;
        assert_eq!(a.get::<i32>("k").await, None);
        until("b has heard", async || b.get::<i32>("k").await.is_none()).await;
    }
    for key in ["x", "y"] {
        a.insert(key, MINUTE, 1).await;
        assert_eq!(b.get::<i32>(key).await, Some(1));
    }
    b.clear().await;
    assert_eq!(b.get::<i32>("x").await, None);
    until("a has heard", async || a.get::<i32>("x").await.is_none()).await;
    assert_eq!(a.get::<i32>("y").await, None);
    assert_eq!(load(&a, &source).await, 1);
    assert_eq!(load(&b, &source).await, 1);
}

/// A replica reads the old state, another one changes it and removes the key: the old value is kept nowhere.
#[tokio::test]
async fn what_was_read_before_another_replica_removed_it_is_not_kept() {
    for there_before in [false, true] {
        let world = World::shared().await;
        let (a, b, redis) = (
            world.replica().await,
            world.replica().await,
            world.redis().await,
        );
        let source = Source::held();
        if there_before {
            let keep = Ttl::of(Duration::from_millis(1)).stale(MINUTE);
            a.insert("k", keep, 77_usize).await;
            until("it is stale", async || b.get::<usize>("k").await.is_none()).await;
        }
        let loading = tokio::spawn({
            let (b, source) = (b.clone(), source.clone());
            async move {
                // The first who asks gets the stale one from Redis, and the second begins the load.
                for _ in 0..1 + usize::from(there_before) {
                    b.get_or_load("k", MINUTE, || source.number())
                        .await
                        .unwrap();
                }
            }
        });
        until("the load has begun", async || source.asked() > 0).await;
        a.remove("k").await;
        source.let_answer(10);
        loading.await.unwrap();
        until("the load is over", async || b.count().1 == 0).await;
        assert!(!is_written(&redis, &world.key(&redis, "k").await).await);
        until("b knows", async || b.get::<usize>("k").await.is_none()).await;
        // What begins after it is kept.
        let fresh = a.get_or_load("k", MINUTE, || async { Ok(100_usize) }).await;
        assert_eq!(fresh.unwrap(), 100);
        until("it is written", async || {
            is_written(&redis, &world.key(&redis, "k").await).await
        })
        .await;
    }
}

#[tokio::test]
async fn another_version_of_a_type_is_loaded_anew() {
    #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
    struct Now {
        name: String,
    }
    let world = World::shared().await;
    let (a, b, redis) = (
        world.replica().await,
        world.replica().await,
        world.redis().await,
    );
    let now = || async {
        Ok(Now {
            name: "new".to_owned(),
        })
    };
    a.insert("k", MINUTE, now().await.unwrap()).await;
    // What the version before wrote under the same name of the type.
    let text: String = { &redis }.get(world.key(&redis, "k").await).await.unwrap();
    let (line, _) = text.split_once('\n').unwrap();
    let old = format!("{line}\n{{\"id\":7}}");
    let () = { &redis }
        .pset_ex(world.key(&redis, "k").await, old, 60_000)
        .await
        .unwrap();
    assert_eq!(b.get_or_load("k", MINUTE, now).await.unwrap().name, "new");
    until("it is replaced", async || {
        let text: String = { &redis }.get(world.key(&redis, "k").await).await.unwrap();
        text.ends_with("{\"name\":\"new\"}")
    })
    .await;

    // What is not ours at all is left alone.
    let () = { &redis }
        .set(world.key(&redis, "theirs").await, "plain")
        .await
        .unwrap();
    let loaded = b.get_or_load("theirs", MINUTE, now).await;
    assert_eq!(loaded.unwrap().name, "new");
    settle().await;
    let theirs: String = { &redis }
        .get(world.key(&redis, "theirs").await)
        .await
        .unwrap();
    assert_eq!(theirs, "plain");
}

#[tokio::test]
async fn a_stale_value_of_another_replica_is_given_out_and_loaded_anew() {
    let world = World::shared().await;
    let (a, b) = (world.replica().await, world.replica().await);
    let ttl = Ttl::of(Duration::from_millis(1)).stale(MINUTE);
    a.insert("k", ttl, 100_usize).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    let source = Source::quick();
    let ask = async || {
        b.get_or_load("k", MINUTE, || source.number())
            .await
            .unwrap()
    };
    assert_eq!(ask().await, 100);
    until("it is loaded anew", async || ask().await == 1).await;
    assert_eq!(source.asked(), 1);
}

/// Killed and frozen: values still come, none of them late, and what was removed meanwhile stays removed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_it_goes_on() {
    for frozen in [false, true] {
        let server = blocking(|| Server::start().unwrap()).await;
        let world = World::at(server.url());
        let limit = |config: &mut CacheConfig| config.redis_timeout = Duration::from_millis(200);
        let (a, b) = (
            world.replica_with(limit).await,
            world.replica_with(limit).await,
        );
        // More than once: on a busy machine 200 ms may be over before Redis has answered.
        until("both have it", async || {
            a.insert("old", MINUTE, 1).await;
            b.get::<i32>("old").await == Some(1)
        })
        .await;
        a.insert("there", MINUTE, 1).await;
        assert_eq!(a.get::<i32>("there").await, Some(1));

        let server = blocking(move || {
            match frozen {
                true => server.pause().unwrap(),
                false => server.kill().unwrap(),
            }
            server
        })
        .await;
        let source = Source::quick();
        let began = Instant::now();
        for n in 0..200 {
            let key = format!("k{}", n % 100);
            let loaded = a.get_or_load(&key, MINUTE, || source.number()).await;
            loaded.unwrap();
        }
        let took = began.elapsed();
        assert_eq!(source.asked(), 100);
        assert_eq!(a.get::<i32>("there").await, Some(1));
        let slow = Duration::from_millis(1500);
        assert!(took < slow, "200 values took {took:?}, frozen: {frozen}");
        let began = Instant::now();
        a.remove("old").await;
        a.remove("there").await;
        assert!(began.elapsed() < SECOND, "{:?}", began.elapsed());
        assert_eq!(a.get::<i32>("old").await, None);
        println!("frozen: {frozen}: 200 values in {took:?}");

        let _server = blocking(move || {
            match frozen {
                true => server.resume().unwrap(),
                false => server.restart().unwrap(),
            }
            server
        })
        .await;
        // It is used again, and has heard of what was removed meanwhile.
        let redis = world.redis().await;
        until("values are in Redis again", async || {
            a.insert("new", MINUTE, 2).await;
            is_written(&redis, &world.key(&redis, "new").await).await
        })
        .await;
        until("b has heard", async || b.get::<i32>("old").await.is_none()).await;
        assert!(!is_written(&redis, &world.key(&redis, "old").await).await);
        assert_eq!(a.get::<i32>("old").await, None);
        // An insert that Redis did not hear of is owed as a removal, and that may still be on its way when the next one is written.
        until("b reads it", async || {
            a.insert("new", MINUTE, 2).await;
            b.get::<i32>("new").await == Some(2)
        })
        .await;
    }
}
