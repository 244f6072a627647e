//! Somebody who listens.

use std::fmt;
use std::sync::Arc;

use futures_util::Stream;
use futures_util::stream::unfold;
use rustboot_core::lifecycle::Shutdown;

use super::board::Board;
use super::message::Message;
use super::queue::Queue;

/// What a subscriber did not get.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Missed {
    /// Messages that were lost because he took too long: more than `pubsub.queue` waited for him.
    pub overflowed: u64,
    /// How often the connection was lost. How many messages were published meanwhile, nobody knows.
    pub interruptions: u64,
}

/// The messages of a channel, from [`PubSub::subscribe`](super::PubSub::subscribe). Dropping it ends the subscription.
pub struct Subscription {
    board: Arc<Board>,
    channel: String,
    queue: Arc<Queue>,
    shutdown: Option<Shutdown>,
}

impl Subscription {
    pub(super) fn new(
        board: &Arc<Board>,
        channel: &str,
        queue: Arc<Queue>,
        shutdown: Option<Shutdown>,
    ) -> Self {
        Self {
            board: Arc::clone(board),
            channel: channel.to_owned(),
            queue,
            shutdown,
        }
    }

    /// The channel.
    pub fn channel(&self) -> &str {
        &self.channel
    }

    /// The next message; `None` when the application stops.
    ///
    /// # Cancellation
    /// Dropping the future loses nothing, so it may stand in `tokio::select!`.
    pub async fn recv(&mut self) -> Option<Message> {
        let Some(shutdown) = &self.shutdown else {
            return self.queue.next().await;
        };
        tokio::select! {
            biased;
            () = shutdown.requested() => None,
            message = self.queue.next() => message,
        }
    }

    /// The next message, if it is there already.
    pub fn try_recv(&mut self) -> Option<Message> {
        self.queue.try_next()
    }

    /// What was not received so far. When it grows, look up what there is: what comes next does not tell all.
    pub fn missed(&self) -> Missed {
        self.queue.missed()
    }

    /// The messages as a stream, which ends when the application stops.
    pub fn into_stream(self) -> impl Stream<Item = Message> + Send {
        unfold(self, async |mut subscription| {
            let message = subscription.recv().await?;
            Some((message, subscription))
        })
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.board.leave(&self.channel, &self.queue);
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("channel", &self.channel)
            .field("missed", &self.missed())
            .finish()
    }
}
