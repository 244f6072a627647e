//! Sentinels that know which server is the primary, and make another one the primary.

use std::net::TcpListener;

use super::*;

/// A primary, a replica, and three Sentinels that need two votes.
struct Group {
    servers: Vec<Server>,
    sentinels: Vec<Server>,
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

impl Group {
    fn start() -> Self {
        let primary = Server::options().without_password().start().unwrap();
        let port = primary.port().unwrap();
        let replica = Server::options()
            .without_password()
            .set("replicaof", format!("127.0.0.1 {port}"))
            .set("repl-diskless-sync-delay", "0")
            .start()
            .unwrap();
        let sentinels = (0..3)
            .map(|_| {
                Server::options()
                    .without_password()
                    .argument("--sentinel")
                    .set("sentinel", format!("monitor main 127.0.0.1 {port} 2"))
                    .set("sentinel", "down-after-milliseconds main 1000")
                    .set("sentinel", "failover-timeout main 5000")
                    .port(free_port())
                    .start()
                    .unwrap()
            })
            .collect();
        Self {
            servers: vec![primary, replica],
            sentinels,
        }
    }

    fn url(&self) -> String {
        let ports = self
            .sentinels
            .iter()
            .map(|s| format!("127.0.0.1:{}", s.port().unwrap()));
        format!(
            "redis+sentinel://{}/main",
            ports.collect::<Vec<_>>().join(",")
        )
    }
}

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
    let group = blocking(Group::start).await;
    let first = group.servers[0].port().unwrap();
    let second = group.servers[1].port().unwrap();
    let mut limits = config(&group.url());
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
    // The Sentinels have to know each other and the replica before they can do anything.
    until("the replica is known", async || {
        let mut sentinel = redis::Client::open(format!(
            "redis://127.0.0.1:{}/",
            group.sentinels[2].port().unwrap()
        ))
        .unwrap()
        .get_multiplexed_async_connection()
        .await
        .unwrap();
        let replicas: Vec<redis::Value> = redis::cmd("SENTINEL")
            .arg("REPLICAS")
            .arg("main")
            .query_async(&mut sentinel)
            .await
            .unwrap();
        let others: Vec<redis::Value> = redis::cmd("SENTINEL")
            .arg("SENTINELS")
            .arg("main")
            .query_async(&mut sentinel)
            .await
            .unwrap();
        replicas.len() == 1 && others.len() == 2
    })
    .await;
    until("what is written is on the replica", async || {
        let mut held = redis.connection().await.unwrap();
        let (): () = held.set("kept", 1).await.unwrap();
        let mut wait = redis::cmd("WAIT");
        let replicas: u64 = wait.arg(1).arg(1000).query_async(&mut held).await.unwrap();
        replicas == 1
    })
    .await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let group = blocking(move || {
        group.servers[0].kill().unwrap();
        group
    })
    .await;
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
    let group = blocking(Group::start).await;
    let mut limits = config(&group.url().replace("/main", "/other"));
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
