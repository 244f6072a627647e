//! The commands: each with a limit, none that fails for whoever calls it.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use futures_util::future::{join_all, try_join_all};
use redis::{AsyncCommands as _, Pipeline, RedisResult, Script};
use rustboot_core::component::BoxFuture;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout};

use super::breaker::Breaker;
use super::format;
use super::owed::{Debt, Owed};
use crate::cache::config::CacheConfig;
use crate::cache::metrics::{CacheMetrics, RedisOperation, Refusal};
use crate::cache::tier::{Fate, Look, Seen, Tier, Written};
use crate::redis::has_answered;
use crate::{PubSub, Redis};

/// How many removals that are owed are sent at once.
const AT_ONCE: usize = 500;

/// Keeps a value where what was seen still is: the first bytes, or nothing.
const WRITE: &str = r"
if redis.call('GETRANGE', KEYS[1], 0, ARGV[4] - 1) ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
";

/// The values of one cache in Redis.
pub(crate) struct OnRedis {
    redis: Redis,
    pub(super) pubsub: PubSub,
    /// What its keys and its channel begin with, before the prefix of the application.
    name: String,
    /// Tells this replica's own news from those of the others.
    pub(super) replica: String,
    /// What stands in all keys: whoever removes everything sets another one. None until it was asked for.
    epoch: ArcSwapOption<Arc<str>>,
    config: Arc<ArcSwap<CacheConfig>>,
    /// Whether the news of the others are heard.
    pub(super) listens: watch::Sender<bool>,
    breaker: Breaker,
    /// Redis is asked again after it was not.
    pub(super) recovered: Notify,
    owed: Owed,
    write: Script,
    metrics: Arc<CacheMetrics>,
}

impl OnRedis {
    pub(crate) fn new(
        redis: &Redis,
        pubsub: &PubSub,
        name: &str,
        config: &Arc<ArcSwap<CacheConfig>>,
        metrics: &Arc<CacheMetrics>,
    ) -> Self {
        Self {
            redis: redis.clone(),
            pubsub: pubsub.clone(),
            name: name.to_owned(),
            replica: random(),
            epoch: ArcSwapOption::empty(),
            config: Arc::clone(config),
            listens: watch::Sender::new(false),
            breaker: Breaker::default(),
            recovered: Notify::new(),
            owed: Owed::default(),
            write: Script::new(WRITE),
            metrics: Arc::clone(metrics),
        }
    }

    /// Waits until the news of the others are heard, as long as one command may take.
    pub(crate) async fn listens(&self) {
        let limit = self.config.load().redis_timeout;
        let mut listens = self.listens.subscribe();
        // Without Redis it goes on all the same.
        let _in_time = timeout(limit, listens.wait_for(|listens| *listens)).await;
    }

    pub(super) fn channel(&self) -> String {
        format!("cache:{}", self.name)
    }

    pub(super) fn is_wanted(&self) -> bool {
        self.config.load().enabled
    }

    /// Where the epoch is.
    fn epoch_key(&self) -> String {
        self.redis.key(format_args!("cache:{}", self.name))
    }

    fn key(&self, epoch: &str, key: &str) -> String {
        self.redis
            .key(format_args!("cache:{}:{epoch}:{key}", self.name))
    }

    /// Runs commands within the limit, unless Redis is left alone. What goes wrong is counted, and logged now and then.
    async fn ask<T>(
        &self,
        operation: RedisOperation,
        commands: impl Future<Output = RedisResult<T>>,
    ) -> Option<T> {
        if !self.breaker.lets_through() {
            return None;
        }
        let limit = self.config.load().redis_timeout;
        let (error, answered) = match timeout(limit, commands).await {
            Ok(Ok(answer)) => {
                if self.breaker.worked() {
                    tracing::info!(target: "rustboot::cache", cache = self.name, "Redis is used again");
                    self.recovered.notify_one();
                }
                return Some(answer);
            }
            Ok(Err(error)) => (error.to_string(), has_answered(&error)),
            Err(_) => (format!("no answer within {limit:?}"), false),
        };
        self.metrics.redis_failed(operation);
        if answered {
            // Out of memory, read-only, loading: another command may work, and none has to wait.
            if self.breaker.may_complain() {
                tracing::warn!(target: "rustboot::cache", cache = self.name, error, "Redis refuses what the cache asks for");
            }
        } else if self.breaker.failed() {
            tracing::warn!(target: "rustboot::cache", cache = self.name, error, "the cache goes on without Redis");
        }
        None
    }

    async fn epoch(&self) -> RedisResult<Arc<str>> {
        if !self.is_wanted() {
            // Nobody listens to whether others begin a new one.
            self.forget_epoch();
            return self.ask_epoch().await;
        }
        match self.epoch.load_full() {
            Some(epoch) => Ok(Arc::clone(&epoch)),
            None => {
                let epoch = self.ask_epoch().await?;
                self.epoch.store(Some(Arc::new(Arc::clone(&epoch))));
                Ok(epoch)
            }
        }
    }

    /// The epoch as Redis has it. Where there is none, because the server lost it or threw it out for others, a new one begins:
    /// an old one would bring back what was removed.
    async fn ask_epoch(&self) -> RedisResult<Arc<str>> {
        let (mut redis, key) = (&self.redis, self.epoch_key());
        let found: Option<String> = redis.get(&key).await?;
        if let Some(epoch) = found {
            return Ok(epoch.into());
        }
        let new = random();
        let began: bool = redis.set_nx(&key, &new).await?;
        if began {
            return Ok(new.into());
        }
        let others: Option<String> = redis.get(&key).await?;
        Ok(others.unwrap_or(new).into())
    }

    /// Whether the epoch is another one than this replica thought.
    pub(super) async fn epoch_has_changed(&self) -> bool {
        let Some(now) = self.ask(RedisOperation::Read, self.ask_epoch()).await else {
            return false;
        };
        let before = self.epoch.swap(Some(Arc::new(Arc::clone(&now))));
        before.is_some_and(|before| *before != now)
    }

    /// Somebody may have removed everything: the epoch is asked for again.
    pub(super) fn forget_epoch(&self) {
        self.epoch.store(None);
    }

    /// For how long a tombstone stands: as long as a load that began before it may take, with what comes before and after.
    fn tombstone_lifetime(&self) -> u64 {
        let config = self.config.load();
        let limit = config.load_timeout + config.redis_timeout * 2 + Duration::from_secs(1);
        millis(limit)
    }

    async fn bury(&self, keys: impl Iterator<Item = &String>) -> RedisResult<()> {
        let epoch = self.epoch().await?;
        let lifetime = self.tombstone_lifetime();
        // Not a pipeline: in a cluster the keys live in different places. They are on their way together all the same.
        let all = keys.map(|key| {
            let key = self.key(&epoch, key);
            async move {
                let mut redis = &self.redis;
                let () = redis.pset_ex(key, format::tombstone(), lifetime).await?;
                RedisResult::Ok(())
            }
        });
        try_join_all(all).await.map(drop)
    }

    async fn begin_epoch(&self) -> RedisResult<()> {
        let epoch: Arc<str> = random().into();
        let () = (&self.redis).set(self.epoch_key(), &*epoch).await?;
        self.epoch.store(Some(Arc::new(epoch)));
        Ok(())
    }

    /// Removes what is owed, and tells the other replicas. False when it stays owed.
    async fn settle(&self, debt: &Debt) -> bool {
        let removed = self.ask(RedisOperation::Remove, async {
            match debt {
                Debt::Keys(keys) => self.bury(keys.keys()).await,
                Debt::Everything(_) => self.begin_epoch().await,
            }
        });
        if removed.await.is_none() {
            return false;
        }
        let told = match debt {
            Debt::Keys(keys) => {
                let all = join_all(keys.keys().map(|key| self.tell('r', key))).await;
                all.into_iter().all(|told| told)
            }
            Debt::Everything(_) => self.tell('c', "").await,
        };
        if told {
            self.owed.paid(debt);
        }
        told
    }

    /// Tells Redis and the others of removals that they have not heard of, when they can be told.
    pub(super) async fn pay(&self) {
        while let Some(debt) = self.owed.due(AT_ONCE) {
            if !self.settle(&debt).await {
                return;
            }
        }
    }

    /// Tells the other replicas. Those that are not connected right now forget everything when they are again.
    async fn tell(&self, what: char, key: &str) -> bool {
        let news = format!("{}{what}{key}", self.replica);
        let limit = self.config.load().redis_timeout;
        let channel = self.channel();
        let told = timeout(limit, self.pubsub.publish(&channel, news)).await;
        let told = matches!(told, Ok(Ok(())));
        if !told {
            self.metrics.redis_failed(RedisOperation::Publish);
        }
        told
    }

    /// A value as it is sent, and for how many milliseconds it is kept. None when it is too large, or over already.
    fn packed(&self, value: &Written) -> Option<(Vec<u8>, u64)> {
        if value.json.len() as u64 > self.config.load().redis_max_value.as_u64() {
            self.metrics.refused(Refusal::Size);
            return None;
        }
        let left = value
            .lifetime
            .dead_at
            .saturating_duration_since(Instant::now());
        let left = millis(left);
        (left > 0).then(|| (format::value(value), left))
    }
}

impl Tier for OnRedis {
    fn read<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Look> {
        Box::pin(async move {
            if self.owed.concerns(key) {
                return Look::Unknown;
            }
            let read = self.ask(RedisOperation::Read, async {
                let epoch = self.epoch().await?;
                let key = self.key(&epoch, key);
                let mut pipeline = Pipeline::new();
                pipeline.get(&key).pttl(&key);
                let (bytes, left): (Option<Vec<u8>>, i64) =
                    pipeline.query_async(&mut &self.redis).await?;
                Ok((epoch, bytes, left))
            });
            match read.await {
                Some((epoch, bytes, left)) => {
                    let left = u64::try_from(left).ok().map(Duration::from_millis);
                    format::look(epoch, bytes, left)
                }
                None => Look::Unknown,
            }
        })
    }

    fn write<'a>(&'a self, key: &'a str, seen: Seen, value: Written) -> BoxFuture<'a, Fate> {
        Box::pin(async move {
            let Some((bytes, left)) = self.packed(&value) else {
                return Fate::NotKept;
            };
            if self.owed.concerns(key) {
                return Fate::NotKept;
            }
            let written = self.ask(RedisOperation::Write, async {
                // When everything was removed since, this goes where nobody looks any more.
                let mut call = self.write.key(self.key(&seen.epoch, key));
                call.arg(format::head(seen.mark))
                    .arg(bytes)
                    .arg(left)
                    .arg(format::HEAD);
                let written: bool = call.invoke_async(&mut &self.redis).await?;
                Ok(written)
            });
            match written.await {
                Some(true) => Fate::Kept,
                Some(false) => Fate::Overtaken,
                None => Fate::NotKept,
            }
        })
    }

    fn replace<'a>(&'a self, key: &'a str, value: Written) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            // Owed first, so that a caller that goes away half-way changes nothing about that.
            let debt = self.owed.key(key);
            let (Some((bytes, left)), Debt::Keys(_)) = (self.packed(&value), &debt) else {
                self.settle(&debt).await;
                return;
            };
            let written = self.ask(RedisOperation::Write, async {
                let key = self.key(&self.epoch().await?, key);
                let () = (&self.redis).pset_ex(key, bytes, left).await?;
                Ok(())
            });
            if written.await.is_some() && self.tell('r', key).await {
                self.owed.paid(&debt);
            }
        })
    }

    fn remove<'a>(&'a self, key: &'a str) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let debt = self.owed.key(key);
            self.settle(&debt).await;
        })
    }

    fn clear(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let debt = self.owed.everything();
            self.settle(&debt).await;
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if self.owed.due(1).is_some() {
                self.breaker.worked();
                self.pay().await;
            }
        })
    }
}

fn random() -> String {
    format!("{:016x}", fastrand::u64(..))
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
