//! Redis goes away under load, in each of the ways in which that happens, and comes back.

use std::sync::Arc;
use std::time::Duration;

use rustboot_servers::Proxy;

use super::{courier, own};
use crate::blocking;
use crate::lost::{Ordeal, survives};

/// `redis.command_timeout`.
const REDIS: Ordeal = Ordeal {
    path: "/count",
    reason: "redis is down",
    limit: Duration::from_secs(1),
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed() {
    let server = own().await;
    let service = courier(&server.url()).start().await;
    let (kill, restart) = (Arc::clone(&server), Arc::clone(&server));
    survives(
        "Redis killed",
        REDIS,
        &service,
        async || blocking(move || kill.kill().unwrap()).await,
        async || blocking(move || restart.restart().unwrap()).await,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_frozen() {
    let server = own().await;
    let service = courier(&server.url()).start().await;
    survives(
        "Redis frozen",
        REDIS,
        &service,
        async || server.pause().unwrap(),
        async || server.resume().unwrap(),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_that_swallows_everything() {
    let server = own().await;
    let proxy = Proxy::before(&server.url()).unwrap();
    let service = courier(&proxy.url()).start().await;
    survives(
        "Redis swallowed",
        REDIS,
        &service,
        async || proxy.swallow(true),
        async || proxy.swallow(false),
    )
    .await;
}
