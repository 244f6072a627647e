//! A cache that is switched off, beside a replica where it is on.

use ::redis::AsyncCommands as _;
use rustboot_servers::Redis as Server;

use super::on_redis::{World, blocking, is_written, until};
use super::*;

#[tokio::test]
async fn switched_off_or_too_large_it_is_not_in_redis() {
    let world = World::shared().await;
    let redis = world.redis().await;
    let off = world.replica_with(|config| config.enabled = false).await;
    off.insert("k", MINUTE, 1).await;
    off.get::<i32>("k").await;
    off.remove("k").await;
    off.clear().await;
    let loaded = off.get_or_load("k", MINUTE, || async { Ok(1) }).await;
    assert_eq!(loaded.unwrap(), 1);
    let small = world
        .replica_with(|config| config.redis_max_value = rustboot_core::ByteSize::bytes(10))
        .await;
    let long = "x".repeat(100);
    let loaded = small
        .get_or_load("long", MINUTE, || async { Ok(long) })
        .await;
    loaded.unwrap();
    assert_eq!(
        small.get::<String>("long").await.map(|text| text.len()),
        Some(100)
    );
    let keys: Vec<String> = { &redis }.keys(format!("{}*", world.prefix)).await.unwrap();
    for key in keys {
        // The one that is off has removed some.
        let is_epoch = key == format!("{}cache:test", world.prefix);
        assert!(is_epoch || !is_written(&redis, &key).await, "{key}");
    }
    let channel = format!("{}cache:test", world.prefix);
    let (_, listeners): (String, usize) = ::redis::cmd("PUBSUB")
        .arg("NUMSUB")
        .arg(channel)
        .query_async(&mut &redis)
        .await
        .unwrap();
    assert_eq!(listeners, 1, "the one that is on");
}

/// Replicas are not switched off in one moment, and what is in Redis is there when they are switched on again.
#[tokio::test]
async fn what_is_removed_while_it_is_switched_off_is_removed() {
    let server = blocking(|| Server::start().unwrap()).await;
    let world = World::at(server.url());
    let quick = |config: &mut CacheConfig| config.redis_timeout = SECOND / 5;
    let (a, b) = (
        world.replica_with(quick).await,
        world.replica_with(quick).await,
    );
    let mut config = CacheConfig {
        jitter: 0.0,
        ..CacheConfig::default()
    };
    quick(&mut config);
    let mut switch = |on: bool| {
        config.enabled = on;
        b.renew(&config);
    };
    let names = ["removed", "replaced", "cleared", "later", "owed"];
    for name in &names[..3] {
        a.insert(name, MINUTE, 1).await;
        until("b has it", async || b.get::<i32>(name).await == Some(1)).await;
    }
    switch(false);
    let gone = async |name: &str| a.get::<i32>(name).await.is_none();
    b.remove("removed").await;
    until("a removal arrives", async || gone("removed").await).await;
    assert_eq!(a.get::<i32>("replaced").await, Some(1));
    b.insert("replaced", MINUTE, 2).await;
    until("the old value is gone", async || gone("replaced").await).await;
    assert_eq!(a.get::<i32>("cleared").await, Some(1));
    b.clear().await;
    until("everything is gone", async || gone("cleared").await).await;

    // Where a keeps its values now, b has to find out.
    a.clear().await;
    a.insert("later", MINUTE, 3).await;
    b.remove("later").await;
    until("it is removed there", async || gone("later").await).await;

    a.insert("owed", MINUTE, 4).await;
    server.pause().unwrap();
    b.remove("owed").await;
    server.resume().unwrap();
    until("Redis hears of it", async || gone("owed").await).await;

    switch(true);
    for name in names {
        assert_eq!(b.get::<i32>(name).await, None, "{name}");
    }
}
