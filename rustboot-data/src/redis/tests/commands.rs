//! Everyday commands, and what may not be one.

use super::*;

#[tokio::test]
async fn commands_pipelines_transactions_and_scripts() {
    let mut redis = fixture(|_| {}).await;
    let key = redis.key("counter");
    let first: u64 = redis.incr(&key, 1).await.unwrap();
    let (second, text): (u64, String) = redis::pipe()
        .incr(&key, 1)
        .get(&key)
        .query_async(&mut redis)
        .await
        .unwrap();
    let (third,): (u64,) = redis::pipe()
        .atomic()
        .incr(&key, 1)
        .query_async(&mut redis)
        .await
        .unwrap();
    assert_eq!((first, second, text.as_str(), third), (1, 2, "2", 3));
    let script = redis::Script::new("return redis.call('INCRBY', KEYS[1], ARGV[1])");
    for expected in [10, 17] {
        let sum: u64 = script
            .key(&key)
            .arg(7)
            .invoke_async(&mut redis)
            .await
            .unwrap();
        assert_eq!(sum, expected);
    }
    // Without a clone.
    let shared = &redis;
    let read: u64 = { shared }.get(&key).await.unwrap();
    assert_eq!(read, 17);
}

#[tokio::test]
async fn one_connection_for_all_of_them() {
    let server = own().await;
    let proxy = Proxy::before(&server.url()).unwrap();
    let redis = Redis::connect(&config(&proxy.url())).await.unwrap();
    let all = (0..200).map(|index| {
        let mut redis = redis.clone();
        tokio::spawn(async move { redis.set::<_, _, ()>(format!("k{index}"), index).await })
    });
    for one in futures_util::future::join_all(all).await {
        one.unwrap().unwrap();
    }
    assert_eq!(proxy.connections(), 1);
}

#[tokio::test]
async fn what_would_make_all_others_wait_is_refused() {
    let mut redis = fixture(|_| {}).await;
    let blocking: RedisResult<Option<(String, String)>> = redis.blpop("queue", 0.0).await;
    let error = blocking.unwrap_err();
    assert_eq!(status_of(&error), 500, "a mistake in the code");
    assert!(error.to_string().contains("redis.connection()"), "{error}");
    assert!(error.to_string().contains("BLPOP"), "{error}");
    for refused in [
        "select 3",
        "WATCH a",
        "MULTI",
        "Subscribe a",
        "XREAD BLOCK 5 STREAMS a 0",
        "CLIENT REPLY OFF",
        "MONITOR",
    ] {
        let mut words = refused.split(' ');
        let mut command = redis::cmd(words.next().unwrap());
        words.for_each(|word| {
            command.arg(word);
        });
        let outcome: RedisResult<redis::Value> = command.query_async(&mut redis).await;
        assert!(
            outcome
                .unwrap_err()
                .to_string()
                .contains("connection of its own"),
            "{refused}"
        );
        let outcome: RedisResult<redis::Value> = redis::pipe()
            .add_command(command)
            .query_async(&mut redis)
            .await;
        assert!(outcome.is_err(), "{refused}");
    }
    let id: u64 = redis::cmd("CLIENT")
        .arg("ID")
        .query_async(&mut redis)
        .await
        .unwrap();
    assert!(id > 0);
}

#[tokio::test]
async fn errors_of_the_server_are_told_apart() {
    let mut redis = fixture(|_| {}).await;
    let key = redis.key("text");
    let (): () = redis.set(&key, "no number").await.unwrap();
    let wrong: RedisResult<u64> = redis.incr(&key, 1).await;
    assert_eq!(status_of(&wrong.unwrap_err()), 500);
    let wrong: RedisResult<u64> = redis.get(&key).await;
    assert_eq!(status_of(&wrong.unwrap_err()), 500);
    assert!(
        works(&redis).await,
        "and the connection is as good as before"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_commands_under_way_than_allowed() {
    let server = own().await;
    let mut limits = config(&server.url());
    limits.max_in_flight = 5;
    let redis = Redis::connect(&limits).await.unwrap();
    let server = blocking(move || {
        server.pause().unwrap();
        server
    })
    .await;
    let began = Instant::now();
    let all = (0..20).map(|_| async {
        let outcome: RedisResult<Option<String>> = { &redis }.get("a").await;
        (outcome.unwrap_err(), began.elapsed())
    });
    let all = futures_util::future::join_all(all).await;
    let (refused, waited): (Vec<_>, Vec<_>) = all
        .into_iter()
        .partition(|(error, _)| error.to_string().contains("redis.max_in_flight"));
    assert_eq!((refused.len(), waited.len()), (15, 5));
    for (error, took) in &refused {
        assert_eq!(status_of(error), 503);
        assert!(*took < Duration::from_millis(500), "{took:?}");
    }
    for (error, took) in &waited {
        assert_eq!(status_of(error), 503);
        assert!(*took >= Duration::from_secs(1), "{took:?}");
    }
    assert_eq!(redis.status().in_flight, 0);
    server.resume().unwrap();
    until("it works again", async || works(&redis).await).await;
}

#[tokio::test]
async fn a_dropped_command_leaves_nothing_behind() {
    let redis = fixture(|_| {}).await;
    for _ in 0..50 {
        let mut copy = redis.clone();
        let key = redis.key("a");
        let dropped = tokio::time::timeout(Duration::from_micros(1), copy.set::<_, _, ()>(&key, 1));
        drop(dropped.await);
        let found: Option<String> = copy.get(redis.key("never set")).await.unwrap();
        assert_eq!(found, None, "the answer of another command");
    }
    assert_eq!(redis.status().in_flight, 0);
}
