//! The one connection that all subscriptions of a process share.

use std::collections::HashSet;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::StreamExt as _;
use redis::aio::{PubSubSink, PubSubStream};
use redis::{AsyncCommands as _, RedisError, RedisResult};
use rustboot_core::Result;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::{interval, sleep, timeout};

use super::board::Board;
use crate::Redis;
use crate::redis::{from_redis, not_connected, timed_out};

/// How often a connection on which nothing arrives is asked whether somebody is there.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// Pauses between attempts to come back.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// How many channels are subscribed to with one command.
const AT_ONCE: usize = 1000;

/// Publishes, and listens for all.
pub(super) struct Listener {
    redis: Redis,
    board: Arc<Board>,
    /// Made with the first subscription.
    task: OnceLock<AbortHandle>,
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.close();
    }
}

impl Listener {
    pub(super) fn new(redis: Redis, board: &Arc<Board>) -> Self {
        Self {
            redis,
            board: Arc::clone(board),
            task: OnceLock::new(),
        }
    }

    pub(super) async fn publish(&self, channel: &str, message: &Bytes) -> Result<()> {
        let mut redis = &self.redis;
        let sent: RedisResult<i64> = redis.publish(self.redis.key(channel), &message[..]).await;
        sent.map(drop).map_err(|error| {
            from_redis(
                error,
                format_args!("nothing could be published on `{channel}`"),
            )
        })
    }

    /// Waits until messages of a channel arrive.
    pub(super) async fn wait_for(
        &self,
        channel: &str,
        mut live: watch::Receiver<bool>,
    ) -> Result<()> {
        let failed = |error| {
            from_redis(
                error,
                format_args!("`{channel}` could not be subscribed to"),
            )
        };
        self.redis.is_up().map_err(failed)?;
        self.task.get_or_init(|| {
            let (redis, board) = (self.redis.clone(), Arc::clone(&self.board));
            // Its owner is the listener, which ends it.
            let task = Handle::current().spawn(async move { listen(&redis, &board).await });
            task.abort_handle()
        });
        let limit = self.redis.command_timeout();
        match timeout(limit, live.wait_for(|live| *live)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) => Err(failed(not_connected("the channel is closed"))),
            Err(_) => Err(failed(timed_out(format_args!(
                "Redis did not confirm it within {limit:?}"
            )))),
        }
    }

    pub(super) fn close(&self) {
        if let Some(task) = self.task.get() {
            task.abort();
        }
    }
}

/// Listens until it is dropped.
async fn listen(redis: &Redis, board: &Board) {
    let mut pause = FIRST_PAUSE;
    for attempt in 0_usize.. {
        let began = Instant::now();
        let reason = match redis.listen(attempt).await {
            Ok((sink, stream)) => {
                let reason = one_connection(redis, board, sink, stream).await;
                board.interrupted();
                reason
            }
            Err(error) => error,
        };
        tracing::debug!(target: "rustboot::pubsub", error = %reason, "the connection of the subscriptions is lost");
        if began.elapsed() > LONGEST_PAUSE {
            pause = FIRST_PAUSE;
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Serves one connection to its end. Returns why it ended.
async fn one_connection(
    redis: &Redis,
    board: &Board,
    mut sink: PubSubSink,
    mut stream: PubSubStream,
) -> RedisError {
    let prefix = redis.key_prefix();
    let limit = redis.command_timeout();
    let mut lost = redis.losses();
    lost.mark_unchanged();
    let mut heartbeat = interval(HEARTBEAT);
    let mut subscribed: HashSet<Arc<str>> = HashSet::new();
    let all = board.all();
    if let Err(error) = subscribe(&mut sink, board, prefix, limit, &all).await {
        return error;
    }
    subscribed.extend(all);
    loop {
        tokio::select! {
            message = stream.next() => {
                let Some(message) = message else {
                    return not_connected("Redis closed the connection of the subscriptions");
                };
                heartbeat.reset();
                let channel = message.get_channel_name();
                let channel = channel.strip_prefix(prefix).unwrap_or(channel);
                // Nobody listens any more: that is on its way to Redis.
                let _heard = board.deliver(channel, Bytes::copy_from_slice(message.get_payload_bytes()));
            }
            () = board.change.notified() => {
                let (mut new, mut old) = (Vec::new(), Vec::new());
                for (channel, wanted) in board.changes() {
                    match wanted {
                        true if subscribed.insert(Arc::clone(&channel)) => new.push(channel),
                        // It was given up and wanted again, and Redis has heard of neither.
                        true => board.live(&[channel]),
                        false if subscribed.remove(&channel) => old.push(channel),
                        false => {}
                    }
                }
                let told = async {
                    subscribe(&mut sink, board, prefix, limit, &new).await?;
                    unsubscribe(&mut sink, prefix, limit, &old).await
                };
                if let Err(error) = told.await {
                    return error;
                }
            }
            _ = heartbeat.tick() => {
                if let Err(error) = within(limit, sink.ping::<redis::Value>()).await {
                    return error;
                }
            }
            // The server is gone for everybody.
            _ = lost.changed() => return not_connected("the connection to Redis is lost"),
        }
    }
}

async fn subscribe(
    sink: &mut PubSubSink,
    board: &Board,
    prefix: &str,
    limit: Duration,
    channels: &[Arc<str>],
) -> RedisResult<()> {
    for some in channels.chunks(AT_ONCE) {
        let names: Vec<String> = some.iter().map(|name| format!("{prefix}{name}")).collect();
        within(limit, sink.subscribe(&names)).await?;
        board.live(some);
    }
    Ok(())
}

async fn unsubscribe(
    sink: &mut PubSubSink,
    prefix: &str,
    limit: Duration,
    channels: &[Arc<str>],
) -> RedisResult<()> {
    for some in channels.chunks(AT_ONCE) {
        let names: Vec<String> = some.iter().map(|name| format!("{prefix}{name}")).collect();
        within(limit, sink.unsubscribe(&names)).await?;
    }
    Ok(())
}

async fn within<T>(
    limit: Duration,
    answer: impl Future<Output = RedisResult<T>>,
) -> RedisResult<T> {
    match timeout(limit, answer).await {
        Ok(outcome) => outcome,
        Err(_) => Err(timed_out(format_args!(
            "the connection of the subscriptions has not answered for {limit:?}"
        ))),
    }
}
