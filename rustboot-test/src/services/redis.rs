//! A namespace: everything that the framework makes begins with a prefix of the test's own. On a server that was started here, a
//! test has a numbered database of its own besides, for commands with other keys.

use std::sync::atomic::{AtomicU32, Ordering};

use redis::AsyncCommands as _;
use rustboot_core::app::ProvidedService;
use rustboot_core::component::BoxFuture;
use rustboot_core::{AppInfo, Error, ErrorKind, Result};
use rustboot_servers::Redis;

use super::{Lent, server, unique_name};

/// How many numbered databases a server has that is started for tests.
const DATABASES: u32 = 10_000;

/// On a server that outlives the tests, the keys have to go.
struct Keys {
    server: &'static Redis,
    prefix: String,
}

impl Lent for Keys {
    fn give_back(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move {
            if self.server.port().is_some() {
                return Ok(());
            }
            remove(&self.server.url(), &self.prefix)
                .await
                .map_err(|error| {
                    Error::new(
                        ErrorKind::Unavailable,
                        format!("the keys {}* of the test were not removed", self.prefix),
                    )
                    .with_source(error)
                })
        })
    }
}

pub(super) async fn fresh(key: &str, _info: &AppInfo) -> Result<(ProvidedService, Box<dyn Lent>)> {
    static NEXT: AtomicU32 = AtomicU32::new(0);

    let server = server(Redis::shared).await?;
    let prefix = format!("{}:", unique_name());
    let url = match server.port() {
        Some(_) => {
            let database = NEXT.fetch_add(1, Ordering::Relaxed) % DATABASES;
            format!("{}{database}", server.url())
        }
        None => server.url(),
    };
    let description = format!("Redis below {prefix}");
    let service =
        ProvidedService::at(key, url, description).and("redis.key_prefix", prefix.as_str());
    Ok((service, Box::new(Keys { server, prefix })))
}

async fn remove(url: &str, prefix: &str) -> redis::RedisResult<()> {
    let client = redis::Client::open(url)?;
    let mut redis = client.get_multiplexed_async_connection().await?;
    let mut keys = Vec::new();
    let mut scan = redis.scan_match::<_, String>(format!("{prefix}*")).await?;
    while let Some(key) = scan.next_item().await {
        keys.push(key?);
    }
    drop(scan);
    if keys.is_empty() {
        return Ok(());
    }
    redis.unlink::<_, ()>(keys).await
}
