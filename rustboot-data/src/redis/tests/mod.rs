//! Against real servers.
#![allow(
    clippy::disallowed_methods,
    reason = "tests start tasks that no application waits for"
)]

mod cluster;
mod commands;
mod connections;
#[cfg(feature = "cache")]
mod fail_over;
mod lost;
mod observed;
mod redirects;
mod sentinel;
pub(crate) mod sites;
mod start;
#[cfg(feature = "tls")]
mod tls;
mod urls;

use std::time::{Duration, Instant};

use redis::{AsyncCommands as _, RedisError, RedisResult};
use rustboot_core::ErrorKind;
use rustboot_servers::{Proxy, Redis as Server};

use super::*;

pub(super) fn config(url: &str) -> RedisConfig {
    RedisConfig {
        url: Some(url.to_owned().into()),
        connect_timeout: Duration::from_secs(10),
        ..RedisConfig::default()
    }
}

/// The server that all tests share which do not hurt it, and a prefix of the test's own.
pub(super) async fn fixture(change: impl FnOnce(&mut RedisConfig)) -> Redis {
    let url = blocking(|| Server::shared().unwrap().url()).await;
    let mut config = config(&url);
    config.key_prefix = Some(format!(
        "test{:016x}:",
        std::hash::Hasher::finish(&std::hash::BuildHasher::build_hasher(
            &std::hash::RandomState::new()
        ),)
    ));
    change(&mut config);
    Redis::connect(&config).await.unwrap()
}

/// A server of the test's own.
pub(super) async fn own() -> Server {
    blocking(|| Server::start().unwrap()).await
}

/// Starting and stopping a server blocks.
pub(super) async fn blocking<T: Send + 'static>(call: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(call).await.unwrap()
}

/// Waits for something, with a deadline that a busy machine keeps. Returns how long it took.
pub(super) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) -> Duration {
    let began = Instant::now();
    while !holds().await {
        assert!(began.elapsed() < Duration::from_secs(20), "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    began.elapsed()
}

pub(super) fn status_of(error: &RedisError) -> u16 {
    redis_kind_of(error).map_or(500, |(kind, _)| kind.status())
}

pub(super) async fn works(redis: &Redis) -> bool {
    let outcome: RedisResult<Option<String>> = (&*redis).get(redis.key("anything")).await;
    outcome.is_ok()
}

pub(super) fn kind_of<T: std::fmt::Debug>(outcome: rustboot_core::Result<T>) -> ErrorKind {
    outcome.unwrap_err().kind()
}
