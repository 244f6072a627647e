//! A cluster of three primaries.

use super::sites::cluster;
use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_where_they_belong_and_one_dead_node_is_not_the_cluster() {
    let cluster = cluster(false).await;
    let redis = Redis::connect(&config(&cluster.url)).await.unwrap();
    for index in 0..100 {
        let (): () = { &redis }.set(format!("key{index}"), index).await.unwrap();
    }
    for index in 0..100 {
        let found: u64 = { &redis }.get(format!("key{index}")).await.unwrap();
        assert_eq!(found, index);
    }
    let mut held = redis.connection().await.unwrap();
    let (): () = { &redis }.rpush("queue", "job").await.unwrap();
    let got: Option<(String, String)> = held.blpop("queue", 2.0).await.unwrap();
    assert_eq!(got.unwrap().1, "job");
    drop(held);

    let health = health::RedisHealth {
        redis: std::sync::Arc::new(redis.clone()),
        critical: true,
        limit: Duration::from_millis(900),
    };
    let report = rustboot_core::health::HealthIndicator::check(&health).await;
    assert_eq!(
        report.status,
        rustboot_core::health::Status::Up,
        "{report:?}"
    );
    assert_eq!(report.details["mode"], "cluster");
    assert_eq!(report.details["cluster_state"], "ok");
    assert_eq!(report.details["cluster_nodes"], 3);

    // key0 to key99 are on all three. One of them is killed.
    let cluster = blocking(move || {
        cluster.servers[1].kill().unwrap();
        cluster
    })
    .await;
    let (mut served, mut refused) = (0, 0);
    for index in 0..100 {
        let began = Instant::now();
        let found: RedisResult<u64> = { &redis }.get(format!("key{index}")).await;
        assert!(
            began.elapsed() < Duration::from_millis(1900),
            "{:?}",
            began.elapsed()
        );
        match found {
            Ok(_) => served += 1,
            Err(error) => {
                assert_eq!(status_of(&error), 503, "{error}");
                refused += 1;
            }
        }
    }
    assert!(
        served > 40 && refused > 15,
        "{served} served, {refused} refused"
    );
    assert!(redis.status().connected);
    what_does_not_need_it_works(&redis).await;

    let _cluster = blocking(move || {
        cluster.servers[1].restart().unwrap();
        cluster
    })
    .await;
    let took = until("all keys are served again", async || {
        let mut all = true;
        for index in 0..100 {
            let found: RedisResult<Option<u64>> = { &redis }.get(format!("key{index}")).await;
            all &= found.is_ok();
        }
        all
    })
    .await;
    println!("{served} served and {refused} refused meanwhile; all again after {took:?}");
}

/// Scripts on nodes that have forgotten them, and messages, whatever the name of their channel.
async fn what_does_not_need_it_works(redis: &Redis) {
    let lock = crate::Lock::on_redis(redis, crate::LockConfig::default());
    let pubsub = crate::PubSub::on_redis(redis, crate::PubSubConfig::default());
    let (mut taken, mut heard) = (0, 0);
    for index in 0..20 {
        let name = format!("name{index}");
        match lock.try_acquire(&name).await {
            Ok(guard) => taken += usize::from(guard.is_some()),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}"),
        }
        let mut subscription = pubsub.subscribe(&name).await.unwrap();
        pubsub.publish(&name, "new").await.unwrap();
        let message = tokio::time::timeout(Duration::from_secs(10), subscription.recv()).await;
        heard += usize::from(message.unwrap().is_some());
    }
    assert!(taken > 5, "{taken}");
    assert_eq!(heard, 20);
}

/// Whoever starts while one of the nodes is frozen gets to the others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_frozen_node_keeps_nobody_out() {
    let cluster = cluster(false).await;
    cluster.servers[0].pause().unwrap();
    let redis = Redis::connect(&config(&cluster.url)).await.unwrap();
    let mut served = 0;
    for index in 0..20 {
        let written: RedisResult<()> = { &redis }.set(format!("key{index}"), index).await;
        served += usize::from(written.is_ok());
    }
    assert!(served > 5, "{served}");
    let pubsub = crate::PubSub::on_redis(&redis, crate::PubSubConfig::default());
    until("it can be listened", async || {
        pubsub.subscribe("a").await.is_ok()
    })
    .await;
    cluster.servers[0].resume().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_is_gone_altogether() {
    let cluster = cluster(false).await;
    let redis = Redis::connect(&config(&cluster.url)).await.unwrap();
    assert!(works(&redis).await);
    let cluster = blocking(move || {
        for node in &cluster.servers {
            node.kill().unwrap();
        }
        cluster
    })
    .await;
    until("it is known to be down", async || {
        // Somebody has to notice.
        works(&redis).await;
        !redis.status().connected
    })
    .await;
    let began = Instant::now();
    assert!(!works(&redis).await);
    assert!(began.elapsed() < Duration::from_millis(200));
    // Without their files the nodes would have forgotten each other; the point is that the connection is made again.
    let _cluster = blocking(move || {
        for node in &cluster.servers {
            node.restart().unwrap();
        }
        cluster
    })
    .await;
    until("it is back", async || redis.status().connected).await;
}
