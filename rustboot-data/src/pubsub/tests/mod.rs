//! Channels in memory and on a real Redis.
#![allow(
    clippy::disallowed_methods,
    reason = "tests start tasks that no application waits for"
)]

mod memory;
#[cfg(feature = "redis")]
mod on_redis;

use std::time::Duration;

use super::*;

/// What is there within a moment.
pub(super) async fn next(subscription: &mut Subscription) -> Option<String> {
    let message = tokio::time::timeout(Duration::from_secs(10), subscription.recv()).await;
    let message = message.expect("a message, or the end")?;
    Some(message.text().unwrap().to_owned())
}

pub(super) fn small(queue: usize) -> PubSubConfig {
    PubSubConfig {
        queue,
        ..PubSubConfig::default()
    }
}
