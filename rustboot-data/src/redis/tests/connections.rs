//! Connections of one's own.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_waits_makes_nobody_else_wait() {
    let redis = fixture(|_| {}).await;
    let queue = redis.key("queue");
    let waiting = tokio::spawn({
        let (redis, queue) = (redis.clone(), queue.clone());
        async move {
            let mut connection = redis.connection().await.unwrap();
            // Longer than `command_timeout`.
            let got: Option<(String, String)> = connection.blpop(&queue, 10.0).await.unwrap();
            got.unwrap().1
        }
    });
    until("it waits", async || redis.status().in_use == 1).await;
    tokio::time::sleep(Duration::from_millis(1300)).await;
    assert!(works(&redis).await);
    let (): () = { &redis }.rpush(&queue, "job").await.unwrap();
    assert_eq!(waiting.await.unwrap(), "job");
    until("it is back in the pool", async || {
        redis.status().available == 1
    })
    .await;
}

#[tokio::test]
async fn it_waits_as_long_as_it_asks_for_and_no_longer() {
    let redis = fixture(|_| {}).await;
    let mut connection = redis.connection().await.unwrap();
    let began = Instant::now();
    let got: Option<(String, String)> = connection.blpop(redis.key("none"), 0.3).await.unwrap();
    assert_eq!(got, None);
    assert!(began.elapsed() >= Duration::from_millis(300));
    let options = redis::streams::StreamReadOptions::default().block(300);
    let began = Instant::now();
    let got: Option<redis::streams::StreamReadReply> = connection
        .xread_options(&[redis.key("none")], &["$"], &options)
        .await
        .unwrap();
    assert!(got.is_none() || got.unwrap().keys.is_empty());
    assert!(began.elapsed() >= Duration::from_millis(300));
    drop(connection);
    assert_eq!(redis.status().available, 1);
}

#[tokio::test]
async fn optimistic_transactions() {
    let redis = fixture(|_| {}).await;
    let key = redis.key("balance");
    let mut other = redis.clone();
    let (): () = other.set(&key, 10).await.unwrap();
    let mut connection = redis.connection().await.unwrap();
    for (disturbed, expected) in [(true, None), (false, Some(12))] {
        let () = redis::cmd("WATCH")
            .arg(&key)
            .query_async(&mut connection)
            .await
            .unwrap();
        let seen: i64 = connection.get(&key).await.unwrap();
        if disturbed {
            let (): () = other.set(&key, 11).await.unwrap();
        }
        let set: Option<(i64,)> = redis::pipe()
            .atomic()
            .set(&key, seen + 1)
            .ignore()
            .get(&key)
            .query_async(&mut connection)
            .await
            .unwrap();
        assert_eq!(set.map(|(set,)| set), expected);
    }
    drop(connection);
    assert_eq!(redis.status().available, 1, "EXEC ends the watch");
}

#[tokio::test]
async fn what_is_left_changed_is_not_given_to_the_next() {
    let redis = fixture(|_| {}).await;
    let (): () = { &redis }.set(redis.key("here"), 1).await.unwrap();
    for change in ["SELECT 5", "MULTI", "WATCH a", "CLIENT REPLY OFF"] {
        let mut connection = redis.connection().await.unwrap();
        let mut words = change.split(' ');
        let mut command = redis::cmd(words.next().unwrap());
        words.for_each(|word| {
            command.arg(word);
        });
        if change.contains("OFF") {
            // There is no answer to it.
            let dropped: Result<RedisResult<()>, _> = tokio::time::timeout(
                Duration::from_millis(50),
                command.query_async(&mut connection),
            )
            .await;
            assert!(dropped.is_err());
        } else {
            let () = command.query_async(&mut connection).await.unwrap();
        }
        drop(connection);
        assert_eq!(redis.status().available, 0, "{change}");
        let mut next = redis.connection().await.unwrap();
        let here: Option<u64> = next.get(redis.key("here")).await.unwrap();
        assert_eq!(here, Some(1), "{change}");
    }
}

/// The most binding command of a pipeline counts, wherever it stands, and nothing after it takes that back.
#[tokio::test]
async fn a_pipeline_that_changes_it_does_so_wherever_it_says_so() {
    let redis = fixture(|_| {}).await;
    let (): () = { &redis }.set(redis.key("here"), 1).await.unwrap();
    for lines in [
        &["UNWATCH", "SELECT 3"][..],
        &["SELECT 3", "UNWATCH"],
        &["UNWATCH", "WATCH a"],
        &["SELECT 3", "BLPOP none 0.01"],
    ] {
        let mut connection = redis.connection().await.unwrap();
        let mut pipeline = redis::pipe();
        for line in lines {
            let mut command = redis::Cmd::new();
            line.split(' ').for_each(|word| {
                command.arg(word);
            });
            pipeline.add_command(command);
        }
        let () = pipeline.exec_async(&mut connection).await.unwrap();
        let () = redis::cmd("UNWATCH")
            .query_async(&mut connection)
            .await
            .unwrap();
        drop(connection);
        let mut next = redis.connection().await.unwrap();
        let here: Option<u64> = next.get(redis.key("here")).await.unwrap();
        assert_eq!(here, Some(1), "{lines:?}");
    }
    // Each of them may wait, one after the other.
    let mut connection = redis.connection().await.unwrap();
    let mut pipeline = redis::pipe();
    for name in ["none", "neither"] {
        pipeline.cmd("BLPOP").arg(redis.key(name)).arg(0.7);
    }
    let began = Instant::now();
    let () = pipeline.exec_async(&mut connection).await.unwrap();
    assert!(began.elapsed() >= Duration::from_millis(1400));
}

#[tokio::test]
async fn one_that_was_dropped_while_it_waited_is_closed() {
    let redis = fixture(|_| {}).await;
    let mut connection = redis.connection().await.unwrap();
    let id: u64 = redis::cmd("CLIENT")
        .arg("ID")
        .query_async(&mut connection)
        .await
        .unwrap();
    let waits = connection.blpop::<_, Option<(String, String)>>(redis.key("none"), 30.0);
    assert!(
        tokio::time::timeout(Duration::from_millis(100), waits)
            .await
            .is_err()
    );
    drop(connection);
    assert_eq!(redis.status().size, 0);
    until("the server knows nothing of it any more", async || {
        let list: String = redis::cmd("CLIENT")
            .arg("LIST")
            .query_async(&mut redis.clone())
            .await
            .unwrap();
        !list.contains(&format!("id={id} "))
    })
    .await;
    let mut next = redis.connection().await.unwrap();
    let began = Instant::now();
    let (): () = next.set(redis.key("a"), 1).await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn no_more_than_allowed() {
    let redis = fixture(|config| {
        config.max_connections = 2;
        config.acquire_timeout = Duration::from_millis(200);
    })
    .await;
    let _one = redis.connection().await.unwrap();
    let two = redis.connection().await.unwrap();
    let began = Instant::now();
    let error = redis.connection().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(
        error.to_string().contains("redis.max_connections is 2"),
        "{error}"
    );
    assert!(began.elapsed() >= Duration::from_millis(200));
    drop(two);
    redis.connection().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_waits_for_ever_hears_of_a_server_that_is_gone() {
    for frozen in [false, true] {
        let server = own().await;
        let redis = Redis::connect(&config(&server.url())).await.unwrap();
        let waiting = tokio::spawn({
            let redis = redis.clone();
            async move {
                let mut connection = redis.connection().await.unwrap();
                connection
                    .blpop::<_, Option<(String, String)>>("queue", 0.0)
                    .await
            }
        });
        until("it waits", async || redis.status().in_use == 1).await;
        let began = Instant::now();
        let server = blocking(move || {
            match frozen {
                true => server.pause().unwrap(),
                false => server.kill().unwrap(),
            }
            server
        })
        .await;
        let error = waiting.await.unwrap().unwrap_err();
        assert_eq!(status_of(&error), 503, "{error}");
        assert!(
            began.elapsed() < Duration::from_secs(4),
            "{:?}",
            began.elapsed()
        );
        // And whoever wants one now need not wait.
        let began = Instant::now();
        assert_eq!(kind_of(redis.connection().await), ErrorKind::Unavailable);
        assert!(began.elapsed() < Duration::from_millis(500));
        if frozen {
            server.resume().unwrap();
        }
    }
}

#[tokio::test]
async fn fewer_by_a_reload_are_fewer() {
    let mut config = RedisConfig::default();
    let redis = fixture(|given| {
        given.max_connections = 4;
        given.acquire_timeout = Duration::from_millis(300);
        config = given.clone();
    })
    .await;
    let held = redis.connection().await.unwrap();
    config.max_connections = 2;
    redis.renew(&config).unwrap();
    let second = redis.connection().await.unwrap();
    redis.connection().await.unwrap_err();
    assert_eq!((redis.status().in_use, redis.status().max), (2, 2));
    drop((held, second));
    config.max_connections = 3;
    redis.renew(&config).unwrap();
    let all = futures_util::future::join_all((0..3).map(|_| redis.connection())).await;
    assert!(all.iter().all(Result::is_ok));
    redis.connection().await.unwrap_err();
}
