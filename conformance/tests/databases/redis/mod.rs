//! The service `courier`, on a Redis of its own for each test that hurts it.

mod cache;
mod life;
mod locks;
mod lost;
mod rooms;

use std::sync::Arc;

use rustboot_servers::Redis;

use crate::blocking;
use crate::harness::Sandbox;

pub(crate) fn courier(url: &str) -> Sandbox {
    Sandbox::of(env!("CARGO_BIN_EXE_courier"))
        .env("REDIS_URL", url)
        .env("APP_ENV", "prod")
        .env("APP_SERVER__HOST", "127.0.0.1")
        .env("APP_LIFECYCLE__DRAIN_DELAY", "0s")
}

/// A server of the test's own.
pub(crate) async fn own() -> Arc<Redis> {
    blocking(|| Arc::new(Redis::start().unwrap())).await
}

/// The password of a URL.
fn password(url: &str) -> String {
    let (login, _) = url.split_once('@').unwrap();
    login.rsplit_once(':').unwrap().1.to_owned()
}
