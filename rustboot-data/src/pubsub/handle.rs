//! [`PubSub`]: component and extractor.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use rustboot_core::component::{ComponentKey, Dependency, Injectable, Resolver};
use rustboot_core::lifecycle::Shutdown;
use rustboot_core::{Error, ErrorKind, Result};
use serde::Serialize;

use super::board::Board;
use super::config::PubSubConfig;
use super::queue::Queue;
use super::subscription::Subscription;

/// The longest name of a channel, in bytes. Names may hold what clients send.
const LONGEST_NAME: usize = 512;

/// Channels with names: what is published on one is heard by all who subscribed to it, on all replicas, the one that published
/// included. A component and an extractor. Cloning copies a pointer.
///
/// They are in Redis when there is one (`redis.url`), else in this process, for this process alone; `/conditions` says which. All
/// subscriptions of a process share one connection, which is made with the first and made again when it is lost.
///
/// ```
/// use rustboot_core::Result;
/// use rustboot_data::PubSub;
///
/// async fn hello(pubsub: &PubSub) -> Result<()> {
///     let mut room = pubsub.subscribe("room:7").await?;
///     pubsub.publish("room:7", "hello").await?;
///     if let Some(message) = room.recv().await {
///         assert_eq!(message.text()?, "hello");
///     }
///     Ok(())
/// }
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// # hello(&PubSub::in_memory(Default::default())).await.unwrap();
/// # }
/// ```
#[derive(Clone)]
pub struct PubSub(Arc<Inner>);

struct Inner {
    board: Arc<Board>,
    config: PubSubConfig,
    shutdown: Option<Shutdown>,
    #[cfg(feature = "redis")]
    redis: Option<super::redis::Listener>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.board.end();
    }
}

impl PubSub {
    /// Channels of this process, made by hand: for tests, and for applications without modules.
    pub fn in_memory(config: PubSubConfig) -> Self {
        Self::within(config, None)
    }

    pub(super) fn within(config: PubSubConfig, shutdown: Option<Shutdown>) -> Self {
        Self(Arc::new(Inner {
            board: Arc::new(Board::new(true)),
            config,
            shutdown,
            #[cfg(feature = "redis")]
            redis: None,
        }))
    }

    /// Channels in a Redis, made by hand.
    #[cfg(feature = "redis")]
    pub fn on_redis(redis: &crate::Redis, config: PubSubConfig) -> Self {
        Self::through(redis, config, None)
    }

    #[cfg(feature = "redis")]
    pub(super) fn through(
        redis: &crate::Redis,
        config: PubSubConfig,
        shutdown: Option<Shutdown>,
    ) -> Self {
        let board = Arc::new(Board::new(false));
        Self(Arc::new(Inner {
            redis: Some(super::redis::Listener::new(redis.clone(), &board)),
            board,
            config,
            shutdown,
        }))
    }

    /// Publishes a message. When this comes back, Redis has it; that somebody got it is not said. Nobody keeps it: who subscribes
    /// later does not get it.
    ///
    /// # Errors
    /// `Unavailable` or `Timeout` when Redis is down or does not answer; then it may have been published. `Internal` when the message is larger
    /// than `pubsub.max_message`, or the name of the channel is empty or longer than 512 bytes.
    pub async fn publish(&self, channel: &str, message: impl Into<Bytes>) -> Result<()> {
        check(channel)?;
        let message = message.into();
        let limit = self.0.config.max_message;
        if message.len() as u64 > limit.as_u64() {
            return Err(Error::internal(format!(
                "a message of {} bytes for the channel `{channel}`, and {limit} are allowed (pubsub.max_message)",
                message.len()
            )));
        }
        self.0.board.metrics.published();
        #[cfg(feature = "redis")]
        if let Some(redis) = &self.0.redis {
            return redis.publish(channel, &message).await;
        }
        // Nobody listens: that is no error.
        let _heard = self.0.board.deliver(channel, message);
        Ok(())
    }

    /// Publishes a value as JSON.
    ///
    /// # Errors
    /// As for [`PubSub::publish`]; `Internal` when the value cannot be written as JSON.
    pub async fn publish_json<T: Serialize + ?Sized>(
        &self,
        channel: &str,
        value: &T,
    ) -> Result<()> {
        self.publish(channel, serde_json::to_vec(value)?).await
    }

    /// Begins to listen. What is published after this comes back is received.
    ///
    /// # Errors
    /// `Unavailable` or `Timeout` when Redis is down or does not answer. `Internal` when the name is empty or longer than 512 bytes.
    ///
    /// # Cancellation
    /// Dropping the future leaves no subscription behind.
    pub async fn subscribe(&self, channel: &str) -> Result<Subscription> {
        check(channel)?;
        let queue = Arc::new(Queue::new(self.0.config.queue));
        let live = self.0.board.listen(channel, &queue);
        let shutdown = self.0.shutdown.clone();
        let subscription = Subscription::new(&self.0.board, channel, queue, shutdown);
        #[cfg(feature = "redis")]
        if let Some(redis) = &self.0.redis {
            redis.wait_for(channel, live).await?;
            return Ok(subscription);
        }
        drop(live);
        Ok(subscription)
    }

    /// Ends all subscriptions, and the connection that they share.
    ///
    /// The application does this by itself when it stops.
    pub fn close(&self) {
        self.0.board.end();
        #[cfg(feature = "redis")]
        if let Some(redis) = &self.0.redis {
            redis.close();
        }
    }

    #[cfg(test)]
    pub(super) fn channels(&self) -> usize {
        self.0.board.len()
    }
}

fn check(channel: &str) -> Result<()> {
    if channel.is_empty() || channel.len() > LONGEST_NAME {
        return Err(Error::internal(format!(
            "the name of a channel has 1 to {LONGEST_NAME} bytes, and this one has {}",
            channel.len()
        )));
    }
    Ok(())
}

impl fmt::Debug for PubSub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[cfg(feature = "redis")]
        if self.0.redis.is_some() {
            return f.write_str("PubSub(on Redis)");
        }
        f.write_str("PubSub(in memory)")
    }
}

// Messages of the compiler shall not depend on features.
#[diagnostic::do_not_recommend]
impl Injectable for PubSub {
    fn dependency() -> Option<Dependency> {
        Some(Dependency::required(ComponentKey::of::<Self>()))
    }

    fn inject(resolver: &Resolver<'_>) -> Result<Self> {
        let found = resolver.component::<Self>(None);
        found
            .map(|pubsub| Self::clone(&pubsub))
            .ok_or_else(|| Error::new(ErrorKind::Configuration, "there is no component PubSub"))
    }
}

#[cfg(feature = "axum")]
impl<S: Send + Sync + 'static> axum_core::extract::FromRequestParts<S> for PubSub {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut http::request::Parts, state: &S) -> Result<Self> {
        rustboot_core::extract::injected(parts, state)
    }
}
