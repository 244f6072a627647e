//! Several processes, as far as Redis can tell.

use std::time::Instant;

use rustboot_core::ErrorKind;
use rustboot_servers::Redis as Server;

use super::*;
use crate::{Redis, RedisConfig};

async fn blocking<T: Send + 'static>(call: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(call).await.unwrap()
}

async fn connect(url: String, prefix: &str) -> Redis {
    let config = RedisConfig {
        url: Some(url.into()),
        key_prefix: Some(prefix.to_owned()),
        ..RedisConfig::default()
    };
    Redis::connect(&config).await.unwrap()
}

async fn two() -> (PubSub, PubSub) {
    let url = blocking(|| Server::shared().unwrap().url()).await;
    let prefix = format!("pubsub{:016x}:", fastrand::u64(..));
    let make =
        async |url: String| PubSub::on_redis(&connect(url, &prefix).await, PubSubConfig::default());
    (make(url.clone()).await, make(url).await)
}

/// Publishes until it is received: a connection may be on its way back.
async fn arrives(pubsub: &PubSub, subscription: &mut Subscription) -> Duration {
    let began = Instant::now();
    loop {
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "it does not come back"
        );
        let sent = pubsub.publish("a", "again").await;
        let wait = Duration::from_millis(10);
        if sent.is_ok()
            && tokio::time::timeout(wait, subscription.recv())
                .await
                .is_ok()
        {
            return began.elapsed();
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_says_all_hear() {
    let (here, there) = two().await;
    let mut one = here.subscribe("room:1").await.unwrap();
    let mut two = there.subscribe("room:1").await.unwrap();
    let mut other = there.subscribe("room:2").await.unwrap();
    for index in 0..100 {
        here.publish("room:1", index.to_string()).await.unwrap();
    }
    there.publish("room:2", "only here").await.unwrap();
    for index in 0..100 {
        assert_eq!(next(&mut one).await, Some(index.to_string()));
        assert_eq!(next(&mut two).await, Some(index.to_string()));
    }
    assert_eq!(next(&mut other).await.as_deref(), Some("only here"));
    assert_eq!(one.missed(), Missed::default());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_connection_for_a_thousand_channels() {
    let server = blocking(|| Server::start().unwrap()).await;
    let redis = connect(server.url(), "app:").await;
    let pubsub = PubSub::on_redis(&redis, PubSubConfig::default());
    let names: Vec<String> = (0..1000).map(|index| format!("c{index}")).collect();
    let all = names.iter().map(|name| pubsub.subscribe(name));
    let mut all: Vec<Subscription> = futures_util::future::join_all(all)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let clients = async || {
        let mut redis = redis.clone();
        let list: String = ::redis::cmd("CLIENT")
            .arg("LIST")
            .query_async(&mut redis)
            .await
            .unwrap();
        list.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let subscribed = async || {
        let of = |line: &str| {
            let (_, count) = line.split_once(" sub=").unwrap();
            count.split(' ').next().unwrap().parse::<usize>().unwrap()
        };
        clients()
            .await
            .iter()
            .map(|line| of(line))
            .collect::<Vec<_>>()
    };
    let mut counts = subscribed().await;
    counts.sort_unstable();
    assert_eq!(counts, [0, 1000]);
    for name in &names {
        pubsub.publish(name, name.clone()).await.unwrap();
    }
    for (name, one) in names.iter().zip(&mut all) {
        assert_eq!(next(one).await.as_ref(), Some(name));
    }
    // Given up and wanted again in a hurry.
    for _ in 0..100 {
        let name = &names[0];
        all.swap_remove(0);
        all.push(pubsub.subscribe(name).await.unwrap());
        let last = all.len() - 1;
        all.swap(0, last);
        pubsub.publish(name, "again").await.unwrap();
        assert_eq!(next(&mut all[0]).await.as_deref(), Some("again"));
    }
    drop(all);
    assert_eq!(pubsub.channels(), 0);
    let began = Instant::now();
    while subscribed().await.iter().sum::<usize>() > 0 {
        assert!(began.elapsed() < Duration::from_secs(5));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn subscriptions_outlive_a_server_that_is_restarted() {
    let server = blocking(|| Server::start().unwrap()).await;
    let pubsub = PubSub::on_redis(&connect(server.url(), "").await, PubSubConfig::default());
    let mut one = pubsub.subscribe("a").await.unwrap();
    let mut two = pubsub.subscribe("b").await.unwrap();
    let server = blocking(move || {
        server.kill().unwrap();
        server
    })
    .await;
    let began = Instant::now();
    while pubsub.publish("a", "lost").await.is_ok() {
        assert!(began.elapsed() < Duration::from_secs(5));
    }
    let error = pubsub.subscribe("c").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let _server = blocking(move || {
        server.restart().unwrap();
        server
    })
    .await;
    let took = arrives(&pubsub, &mut one).await;
    assert!(took < Duration::from_secs(2), "{took:?}");
    pubsub.publish("b", "hello").await.unwrap();
    assert_eq!(next(&mut two).await.as_deref(), Some("hello"));
    assert_eq!(one.missed().interruptions, 1);
    assert_eq!(two.missed().interruptions, 1);
    assert_eq!(
        pubsub.subscribe("c").await.unwrap().missed().interruptions,
        0
    );
    println!("heard again after {took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_server_is_given_up_and_heard_again() {
    let server = blocking(|| Server::start().unwrap()).await;
    let pubsub = PubSub::on_redis(&connect(server.url(), "").await, PubSubConfig::default());
    let mut one = pubsub.subscribe("a").await.unwrap();
    server.pause().unwrap();
    let began = Instant::now();
    while one.missed().interruptions == 0 {
        assert!(began.elapsed() < Duration::from_secs(5));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let asked = Instant::now();
    assert_eq!(
        pubsub.subscribe("b").await.unwrap_err().kind().status(),
        503
    );
    assert!(asked.elapsed() < Duration::from_millis(1500));
    server.resume().unwrap();
    let took = arrives(&pubsub, &mut one).await;
    assert!(took < Duration::from_secs(2), "{took:?}");
}

/// Only the connection of the subscriptions is gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_is_closed_is_made_again() {
    let server = blocking(|| Server::start().unwrap()).await;
    let redis = connect(server.url(), "").await;
    let pubsub = PubSub::on_redis(&redis, PubSubConfig::default());
    let mut one = pubsub.subscribe("a").await.unwrap();
    let () = ::redis::cmd("CLIENT")
        .arg("KILL")
        .arg("TYPE")
        .arg("pubsub")
        .query_async(&mut redis.clone())
        .await
        .unwrap();
    let took = arrives(&pubsub, &mut one).await;
    assert!(took < Duration::from_secs(2), "{took:?}");
    assert_eq!(one.missed().interruptions, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_is_bounded() {
    let (here, there) = two().await;
    let mut slow = there.subscribe("a").await.unwrap();
    let mut quick = there.subscribe("a").await.unwrap();
    let reading = tokio::spawn(async move {
        let mut read = 0_u64;
        while let Some(message) = quick.recv().await {
            read += 1;
            if message.text().unwrap() == "end" {
                break;
            }
        }
        (read, quick.missed().overflowed)
    });
    for _ in 0..5000 {
        here.publish("a", "x".repeat(100)).await.unwrap();
    }
    here.publish("a", "end").await.unwrap();
    let (read, lost) = reading.await.unwrap();
    assert_eq!(read + lost, 5001);
    assert_eq!(slow.missed().overflowed, 5001 - 256);
    let mut waiting = 0;
    while let Some(message) = slow.try_recv() {
        waiting += 1;
        if message.text().unwrap() == "end" {
            break;
        }
    }
    assert_eq!(waiting, 256);
}
