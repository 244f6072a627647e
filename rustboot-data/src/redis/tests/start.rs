//! The start, and other terms while it runs.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_start_waits_for_a_server_that_comes_later() {
    let server = own().await;
    let url = server.url();
    let server = blocking(move || {
        server.kill().unwrap();
        server
    })
    .await;
    let later = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(500)).await;
        blocking(move || {
            server.restart().unwrap();
            server
        })
        .await
    });
    let redis = Redis::connect(&config(&url)).await.unwrap();
    assert!(works(&redis).await);
    drop(later.await.unwrap());
}

#[tokio::test]
async fn the_start_does_not_wait_for_ever() {
    let mut limits = config("redis://:hunter2@127.0.0.1:1/0");
    limits.connect_timeout = Duration::from_millis(300);
    let began = Instant::now();
    let error = Redis::connect(&limits).await.unwrap_err();
    assert_eq!(error.kind().exit_code(), 69);
    assert!(began.elapsed() < Duration::from_secs(2));
    let text = format!("{error} {error:?}");
    assert!(text.contains("127.0.0.1:1/0"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
}

#[tokio::test]
async fn without_being_critical_it_may_come_later() {
    let server = own().await;
    let server = blocking(move || {
        server.kill().unwrap();
        server
    })
    .await;
    let mut limits = config(&server.url());
    limits.critical = false;
    let began = Instant::now();
    let redis = Redis::connect(&limits).await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(2));
    assert!(!works(&redis).await);
    let _server = blocking(move || {
        server.restart().unwrap();
        server
    })
    .await;
    let took = until("it is there", async || works(&redis).await).await;
    assert!(took < Duration::from_secs(2), "{took:?}");
}

#[tokio::test]
async fn a_wrong_password_is_not_shown() {
    let server = own().await;
    let url = format!("redis://:hunter2@127.0.0.1:{}/", server.port().unwrap());
    let mut limits = config(&url);
    limits.connect_timeout = Duration::from_millis(200);
    let error = Redis::connect(&limits).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let text = format!("{error} {error:?} {limits:?}");
    assert!(
        text.contains("WRONGPASS") || text.contains("AuthenticationFailed"),
        "{text}"
    );
    assert!(!text.contains("hunter2"), "{text}");
}

/// A new password: the server takes the old one no more, and connections that were let in stay.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_password_by_reload_costs_no_command() {
    let server = own().await;
    let redis = Redis::connect(&config(&server.url())).await.unwrap();
    drop(redis.connection().await.unwrap());
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let load = tokio::spawn({
        let (redis, stop) = (redis.clone(), std::sync::Arc::clone(&stop));
        async move {
            let mut sent = 0_u64;
            while !stop.load(std::sync::atomic::Ordering::SeqCst) {
                let outcome: RedisResult<Option<String>> = { &redis }.get("a").await;
                outcome.unwrap();
                sent += 1;
            }
            sent
        }
    });
    let id = async || {
        let mut copy = redis.clone();
        redis::cmd("CLIENT")
            .arg("ID")
            .query_async::<u64>(&mut copy)
            .await
            .unwrap()
    };
    let before = id().await;
    let (): () = redis::cmd("CONFIG")
        .arg("SET")
        .arg("requirepass")
        .arg("another")
        .query_async(&mut redis.clone())
        .await
        .unwrap();
    let mut new = config(&format!("redis://127.0.0.1:{}/", server.port().unwrap()));
    new.password = Some("another".to_owned().into());
    new.max_connections = 3;
    redis.renew(&new).unwrap();
    until("the connection is another one", async || {
        id().await != before
    })
    .await;
    let mut connection = redis.connection().await.unwrap();
    let (): () = connection.set("a", 1).await.unwrap();
    assert_eq!(redis.status().max, 3);
    // A mistake does not hurt what works.
    let before = id().await;
    new.password = Some("wrong".to_owned().into());
    redis.renew(&new).unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(id().await, before);
    new.password = Some("another".to_owned().into());
    redis.renew(&new).unwrap();
    until("the right one counts again", async || id().await != before).await;
    stop.store(true, std::sync::atomic::Ordering::SeqCst);
    assert!(load.await.unwrap() > 0);
}

/// The password changed, the server dropped everybody, and the new one comes a little later.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_that_comes_too_late() {
    let server = own().await;
    let redis = Redis::connect(&config(&server.url())).await.unwrap();
    let () = redis::pipe()
        .cmd("CONFIG")
        .arg("SET")
        .arg("requirepass")
        .arg("another")
        .cmd("CLIENT")
        .arg("KILL")
        .arg("TYPE")
        .arg("normal")
        .arg("SKIPME")
        .arg("no")
        .ignore()
        .query_async(&mut redis.clone())
        .await
        .unwrap_or_default();
    until("it is not let in", async || !redis.status().connected).await;
    let error = redis.ping().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    redis
        .renew(&config(&format!(
            "redis://:another@127.0.0.1:{}/",
            server.port().unwrap()
        )))
        .unwrap();
    let took = until("it is back", async || works(&redis).await).await;
    assert!(took < Duration::from_secs(1), "{took:?}");
}
