//! Sentinels that know which server is the primary, and make another one the primary.

use super::sites::sentinels;
use super::*;

async fn port_of(redis: &Redis) -> Option<u16> {
    let port: RedisResult<std::collections::HashMap<String, u16>> = redis::cmd("CONFIG")
        .arg("GET")
        .arg("port")
        .query_async(&mut redis.clone())
        .await;
    port.ok()?.get("port").copied()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_new_primary_is_found() {
    let group = sentinels().await;
    let first = group.servers[0].port().unwrap();
    let second = group.servers[1].port().unwrap();
    let mut limits = config(&group.url);
    limits.connect_timeout = Duration::from_secs(20);
    // One of the Sentinels says nothing any more.
    group.sentinels[0].pause().unwrap();
    let began = Instant::now();
    let redis = Redis::connect(&limits).await.unwrap();
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
    group.sentinels[0].resume().unwrap();
    assert_eq!(port_of(&redis).await, Some(first));
    let (): () = { &redis }.set("kept", 1).await.unwrap();
    group.replicated().await;
    let group = group.kill_the_first().await;
    until("the replica has become the primary", async || {
        let written: RedisResult<()> = { &redis }.set("new", 1).await;
        written.is_ok()
    })
    .await;
    assert_eq!(port_of(&redis).await, Some(second));
    let kept: Option<u64> = { &redis }.get("kept").await.unwrap();
    assert_eq!(kept, Some(1));
    let mut held = redis.connection().await.unwrap();
    let (): () = held.set("of its own", 1).await.unwrap();
    drop(group);
}

#[tokio::test]
async fn a_name_that_nobody_knows() {
    let group = sentinels().await;
    let mut limits = config(&group.url.replace("/main", "/other"));
    limits.connect_timeout = Duration::from_millis(300);
    let error = Redis::connect(&limits).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(
        error
            .to_string()
            .contains("the Sentinels know no primary of that name"),
        "{error}"
    );
}
