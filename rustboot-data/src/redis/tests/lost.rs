//! Servers that crash, freeze, or cannot be reached any more.

use super::*;

/// Eight at once, of which each has to be refused within the limit. Returns the slowest.
async fn all_are_refused(redis: &Redis) -> Duration {
    let all = (0..8).map(|_| async {
        let began = Instant::now();
        let outcome: RedisResult<Option<String>> = { redis }.get("a").await;
        (outcome.unwrap_err(), began.elapsed())
    });
    let mut slowest = Duration::ZERO;
    for (error, took) in futures_util::future::join_all(all).await {
        assert_eq!(status_of(&error), 503, "{error}");
        slowest = slowest.max(took);
    }
    slowest
}

/// From the moment on at which it is known to be down, nobody waits.
async fn nobody_waits(redis: &Redis) {
    until("it is known to be down", async || !redis.status().connected).await;
    let began = Instant::now();
    for _ in 0..1000 {
        assert!(!works(redis).await);
    }
    assert!(
        began.elapsed() < Duration::from_millis(500),
        "{:?}",
        began.elapsed()
    );
}

async fn comes_back(name: &str, redis: &Redis, slowest: Duration) {
    let took = until("it works again", async || works(redis).await).await;
    assert!(took < Duration::from_secs(2), "{name}: {took:?}");
    for _ in 0..100 {
        assert!(works(redis).await, "{name}: nothing is left over");
    }
    println!("{name}: the slowest was refused after {slowest:?}, it works again after {took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_and_comes_back() {
    let server = own().await;
    let redis = Redis::connect(&config(&server.url())).await.unwrap();
    assert!(works(&redis).await);
    let server = blocking(move || {
        server.kill().unwrap();
        server
    })
    .await;
    let slowest = all_are_refused(&redis).await;
    assert!(slowest < Duration::from_millis(500), "{slowest:?}");
    nobody_waits(&redis).await;
    let _server = blocking(move || {
        server.restart().unwrap();
        server
    })
    .await;
    comes_back("killed", &redis, slowest).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_that_nobody_saw_costs_no_command() {
    let server = own().await;
    let redis = Redis::connect(&config(&server.url())).await.unwrap();
    let _server = blocking(move || {
        server.kill().unwrap();
        server.restart().unwrap();
        server
    })
    .await;
    // Longer than the longest pause between two attempts.
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert!(works(&redis).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_server_is_given_up_and_taken_back() {
    let server = own().await;
    let redis = Redis::connect(&config(&server.url())).await.unwrap();
    server.pause().unwrap();
    let slowest = all_are_refused(&redis).await;
    assert!(slowest < Duration::from_millis(1900), "{slowest:?}");
    nobody_waits(&redis).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(!works(&redis).await);
    server.resume().unwrap();
    comes_back("frozen", &redis, slowest).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_that_swallows_everything_is_given_up_and_taken_back() {
    let server = own().await;
    let proxy = Proxy::before(&server.url()).unwrap();
    let redis = Redis::connect(&config(&proxy.url())).await.unwrap();
    proxy.swallow(true);
    let slowest = all_are_refused(&redis).await;
    assert!(slowest < Duration::from_millis(1900), "{slowest:?}");
    nobody_waits(&redis).await;
    proxy.swallow(false);
    comes_back("swallowed", &redis, slowest).await;
}

/// Nobody asked it anything when it froze: the first who does shall not be the one who finds out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_nobody_uses_is_looked_after() {
    let server = own().await;
    let redis = Redis::connect(&config(&server.url())).await.unwrap();
    server.pause().unwrap();
    let took = until("it is known to be down", async || !redis.status().connected).await;
    assert!(took < Duration::from_secs(3), "{took:?}");
    server.resume().unwrap();
    until("it is back", async || redis.status().connected).await;
}

/// The connection is well, and one command is slow: only that one is given up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_command_does_not_cost_the_connection() {
    let server = own().await;
    let proxy = Proxy::before(&server.url()).unwrap();
    let mut limits = config(&proxy.url());
    limits.command_timeout = Duration::from_millis(700);
    let redis = Redis::connect(&limits).await.unwrap();
    // Something is answered all the time, and the server is busy for a while in the middle of it.
    let slow = tokio::spawn({
        let mut redis = redis.clone();
        async move {
            let script = "local t = redis.call('TIME') local e = t[1] * 1000 + t[2] / 1000 + 400 repeat t = redis.call('TIME') until t[1] * 1000 + t[2] / 1000 > e return 1";
            redis::cmd("EVAL")
                .arg(script)
                .arg(0)
                .query_async::<u64>(&mut redis)
                .await
        }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(works(&redis).await, "it waits for its turn");
    assert_eq!(slow.await.unwrap().unwrap(), 1);
    assert_eq!(proxy.connections(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_loads_its_data_answers_503() {
    let mut redis = fixture(|_| {}).await;
    // What it says while it loads.
    let script = "return redis.error_reply('LOADING Redis is loading the dataset in memory')";
    let loading: RedisResult<u64> = redis::cmd("EVAL")
        .arg(script)
        .arg(0)
        .query_async(&mut redis)
        .await;
    assert_eq!(status_of(&loading.unwrap_err()), 503);
    let script = "return redis.error_reply('OOM command not allowed when used memory > maxmemory')";
    let full: RedisResult<u64> = redis::cmd("EVAL")
        .arg(script)
        .arg(0)
        .query_async(&mut redis)
        .await;
    assert_eq!(status_of(&full.unwrap_err()), 503);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closed_is_closed() {
    let redis = fixture(|_| {}).await;
    redis.close(Duration::from_secs(1)).await.unwrap();
    assert!(!works(&redis).await);
    assert_eq!(kind_of(redis.connection().await), ErrorKind::Unavailable);
    let redis = fixture(|_| {}).await;
    let held = redis.connection().await.unwrap();
    assert_eq!(
        kind_of(redis.close(Duration::from_millis(50)).await),
        ErrorKind::Timeout
    );
    drop(held);
    redis.close(Duration::from_millis(50)).await.unwrap();
}
