//! Locks in memory and on a real Redis; many processes are in the tests of `conformance`.
#![allow(
    clippy::disallowed_methods,
    reason = "tests start tasks that no application waits for"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rustboot_core::config::Properties as _;
use rustboot_core::{Error, ErrorKind, Result};

use super::*;

fn config(lease: u64) -> LockConfig {
    LockConfig {
        lease: Duration::from_millis(lease),
        ..LockConfig::default()
    }
}

#[cfg(feature = "redis")]
mod on_redis {
    use redis::AsyncCommands as _;
    use rustboot_servers::Redis as Server;

    use super::*;
    use crate::{Redis, RedisConfig};

    pub(super) async fn connect(url: String, prefix: &str) -> Redis {
        let config = RedisConfig {
            url: Some(url.into()),
            key_prefix: Some(prefix.to_owned()),
            ..RedisConfig::default()
        };
        Redis::connect(&config).await.unwrap()
    }

    /// Two that know nothing of each other, as two processes do.
    pub(super) async fn two(lease: u64) -> (Redis, Lock, Lock) {
        let url = tokio::task::spawn_blocking(|| Server::shared().unwrap().url())
            .await
            .unwrap();
        let prefix = format!("lock{:016x}:", fastrand::u64(..));
        let redis = connect(url.clone(), &prefix).await;
        let other = connect(url, &prefix).await;
        let locks = (
            Lock::on_redis(&redis, config(lease)),
            Lock::on_redis(&other, config(lease)),
        );
        (redis, locks.0, locks.1)
    }

    async fn server() -> Server {
        tokio::task::spawn_blocking(|| Server::start().unwrap())
            .await
            .unwrap()
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn one_has_it_and_then_the_other() {
        let (redis, one, other) = two(30_000).await;
        let guard = one.acquire("a b}{%").await.unwrap();
        assert!(guard.is_held());
        assert!(other.try_acquire("a b}{%").await.unwrap().is_none());
        assert!(other.try_acquire("another").await.unwrap().is_some());
        let first = guard.token();
        let waiting = tokio::spawn({
            let other = other.clone();
            async move { other.acquire("a b}{%").await }
        });
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(!waiting.is_finished());
        guard.release().await.unwrap();
        let second = waiting.await.unwrap().unwrap();
        assert!(second.token() > first);
        drop(second);
        // Dropped is given back too, in the background.
        let third = one.acquire("a b}{%").await.unwrap();
        assert!(third.token() > first);
        drop(third);
        let left = || async {
            let keys: Vec<String> = { &redis }.keys(redis.key("*")).await.unwrap();
            keys.into_iter()
                .filter(|key| !key.ends_with(":token"))
                .count()
        };
        let began = Instant::now();
        // Redis has let go of it a moment before whoever told it to has heard so.
        let lines = || (one.lines(), other.lines());
        while left().await > 0 || lines() != (0, 0) {
            let left = lines();
            assert!(began.elapsed() < Duration::from_secs(5), "{left:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_lock_that_is_not_free_is_not_waited_for_for_ever() {
        let (_, one, other) = two(30_000).await;
        let _guard = one.acquire("a").await.unwrap();
        let began = Instant::now();
        let error = other
            .acquire_within("a", Duration::from_millis(400))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(
            error.to_string().contains("the lock `a` was not free"),
            "{error}"
        );
        let took = began.elapsed();
        assert!(
            took >= Duration::from_millis(390) && took < Duration::from_secs(2),
            "{took:?}"
        );
        // In the line of its own process as well.
        let began = Instant::now();
        one.acquire_within("a", Duration::from_millis(100))
            .await
            .unwrap_err();
        assert!(one.try_acquire("a").await.unwrap().is_none());
        assert!(began.elapsed() < Duration::from_secs(1));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn it_is_held_for_longer_than_its_lease() {
        let (_, one, other) = two(600).await;
        let guard = one.acquire("a").await.unwrap();
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(3) {
            assert!(guard.is_held());
            assert!(other.try_acquire("a").await.unwrap().is_none());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        guard.release().await.unwrap();
        assert!(other.try_acquire("a").await.unwrap().is_some());
    }

    /// The holder vanishes without a word: its connection and its tasks are gone.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_holder_that_is_gone_holds_it_no_longer_than_its_lease() {
        let (_, one, other) = two(1000).await;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let guard = runtime
            .spawn(async move { one.acquire("a").await.unwrap() })
            .await
            .unwrap();
        let token = guard.token();
        runtime.shutdown_background();
        let began = Instant::now();
        let second = other.acquire("a").await.unwrap();
        let took = began.elapsed();
        assert!(
            took > Duration::from_millis(500) && took < Duration::from_millis(1900),
            "{took:?}"
        );
        assert!(second.token() > token);
        std::mem::forget(guard);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn somebody_else_took_it_away() {
        let (redis, one, _) = two(600).await;
        let guard = one.acquire("a").await.unwrap();
        let (): () = { &redis }
            .set(redis.key("lock:{a}"), "somebody else")
            .await
            .unwrap();
        tokio::time::timeout(Duration::from_secs(5), guard.lost())
            .await
            .unwrap();
        assert!(!guard.is_held());
        let run: Result<()> = guard.run(std::future::pending()).await;
        assert_eq!(run.unwrap_err().kind(), ErrorKind::Unavailable);
        // What is not ours is not given back.
        assert_eq!(
            guard.release().await.unwrap_err().kind(),
            ErrorKind::Unavailable
        );
        let holder: String = { &redis }.get(redis.key("lock:{a}")).await.unwrap();
        assert_eq!(holder, "somebody else");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_server_that_is_away_for_less_than_the_lease_costs_nothing() {
        let server = server().await;
        let lock = Lock::on_redis(&connect(server.url(), "").await, config(6000));
        let guard = lock.acquire("a").await.unwrap();
        tokio::time::sleep(Duration::from_millis(1500)).await;
        server.pause().unwrap();
        tokio::time::sleep(Duration::from_secs(2)).await;
        server.resume().unwrap();
        // Past the moment at which it would have ended.
        tokio::time::sleep(Duration::from_secs(4)).await;
        assert!(guard.is_held());
        guard.release().await.unwrap();
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_server_that_stays_away_loses_it_in_time() {
        let server = server().await;
        let lock = Lock::on_redis(&connect(server.url(), "").await, config(1500));
        let guard = lock.acquire("a").await.unwrap();
        let began = Instant::now();
        server.pause().unwrap();
        let run: Result<()> = guard.run(std::future::pending()).await;
        assert_eq!(run.unwrap_err().kind(), ErrorKind::Unavailable);
        assert!(
            began.elapsed() < Duration::from_millis(1500 + 500),
            "{:?}",
            began.elapsed()
        );
        let began = Instant::now();
        let error = lock.try_acquire("b").await.unwrap_err();
        assert_eq!(error.kind().status(), 503, "{error}");
        assert!(began.elapsed() < Duration::from_millis(1500));
        server.resume().unwrap();
    }

    /// What was asked for and not waited for is given back.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_dropped_attempt_takes_nothing() {
        let (_, one, other) = two(30_000).await;
        for index in 0..50 {
            let name = format!("lock {index}");
            let dropped =
                tokio::time::timeout(Duration::from_micros(index * 10), one.acquire(&name));
            drop(dropped.await);
            let taken = other.acquire_within(&name, Duration::from_secs(5)).await;
            drop(taken.unwrap());
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn tokens_grow_after_a_server_that_forgot_everything() {
        let server = server().await;
        let redis = connect(server.url(), "").await;
        let lock = Lock::on_redis(&redis, config(30_000));
        let first = lock.acquire("a").await.unwrap();
        let token = first.token();
        let server = tokio::task::spawn_blocking(move || {
            server.kill().unwrap();
            server.restart().unwrap();
            server
        })
        .await
        .unwrap();
        let began = Instant::now();
        let second = loop {
            match lock
                .with_lease(Duration::from_secs(1))
                .try_acquire("b")
                .await
            {
                Ok(_) => {
                    break Lock::on_redis(&redis, config(30_000))
                        .acquire("a")
                        .await
                        .unwrap();
                }
                Err(_) => assert!(began.elapsed() < Duration::from_secs(5)),
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        assert!(second.token() > token);
        drop((first, second, server));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn many_at_once() {
        let (_, one, other) = two(30_000).await;
        contend(&[one, other], 10, 20).await;
    }
}

/// Many take one lock; at no time do two have it, and each has a larger token than the one before.
async fn contend(locks: &[Lock], tasks: usize, rounds: usize) {
    let (inside, last) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU64::new(0)));
    let all = (0..tasks).map(|index| {
        let lock = locks[index % locks.len()].clone();
        let (inside, last) = (Arc::clone(&inside), Arc::clone(&last));
        tokio::spawn(async move {
            for _ in 0..rounds {
                let guard = lock
                    .acquire_within("one", Duration::from_secs(60))
                    .await
                    .unwrap();
                assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "two at a time");
                let before = last.swap(guard.token(), Ordering::SeqCst);
                assert!(guard.token() > before, "{} after {before}", guard.token());
                tokio::task::yield_now().await;
                assert_eq!(inside.fetch_sub(1, Ordering::SeqCst), 1);
                guard.release().await.unwrap();
            }
        })
    });
    for one in futures_util::future::join_all(all).await {
        one.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_memory_many_at_once() {
    let lock = Lock::in_memory(LockConfig::default());
    contend(std::slice::from_ref(&lock), 50, 100).await;
    assert_eq!(lock.lines(), 0);
}

#[tokio::test]
async fn in_memory_whoever_came_first() {
    let lock = Lock::in_memory(LockConfig::default());
    let guard = lock.acquire("a").await.unwrap();
    assert!(lock.try_acquire("a").await.unwrap().is_none());
    let other = lock.try_acquire("b").await.unwrap().unwrap();
    let order = Arc::new(std::sync::Mutex::new(Vec::new()));
    let mut tasks = Vec::new();
    for index in 0..5 {
        let (lock, order) = (lock.clone(), Arc::clone(&order));
        tasks.push(tokio::spawn(async move {
            let _guard = lock.acquire("a").await.unwrap();
            order.lock().unwrap().push(index);
        }));
        tokio::task::yield_now().await;
    }
    drop(guard);
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(*order.lock().unwrap(), [0, 1, 2, 3, 4]);
    let lost = tokio::time::timeout(Duration::from_millis(50), other.lost()).await;
    assert!(lost.is_err(), "what is in this process is not lost");
    assert!(other.is_held());
    other.release().await.unwrap();
    assert_eq!(lock.lines(), 0);
}

#[tokio::test(start_paused = true)]
async fn in_memory_nobody_waits_for_ever() {
    let lock = Lock::in_memory(LockConfig::default());
    let _guard = lock.acquire("a").await.unwrap();
    let began = tokio::time::Instant::now();
    let error = lock.acquire("a").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(began.elapsed().as_secs(), 10);
}

#[tokio::test]
async fn work_under_a_lock() {
    let lock = Lock::in_memory(LockConfig::default());
    let guard = lock.acquire("a").await.unwrap();
    assert_eq!(guard.run(async { Ok(7) }).await.unwrap(), 7);
    let failed: Result<()> = guard.run(async { Err(Error::conflict("no")) }).await;
    assert_eq!(failed.unwrap_err().kind(), ErrorKind::Conflict);
}

#[tokio::test]
async fn names_have_a_limit() {
    let lock = Lock::in_memory(LockConfig::default());
    for name in [String::new(), "x".repeat(513)] {
        assert_eq!(
            lock.acquire(&name).await.unwrap_err().kind(),
            ErrorKind::Internal
        );
    }
    drop(lock.acquire(&"x".repeat(512)).await.unwrap());
}

#[test]
fn the_section_is_checked() {
    let mut problems = Vec::new();
    config(499).check(&mut problems);
    assert_eq!(problems[0].0, "lease");
    problems.clear();
    LockConfig::default().check(&mut problems);
    assert!(problems.is_empty());
}
