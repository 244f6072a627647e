//! [`Redis`]: component, extractor, and something that commands can be sent to.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use arc_swap::ArcSwap;
use deadpool::managed::Pool;
use redis::aio::{ConnectionLike, PubSubSink, PubSubStream};
use redis::{Cmd, Pipeline, RedisFuture, Value};
use rustboot_core::component::{ComponentKey, Dependency, Injectable, Resolver};
use rustboot_core::{Error, ErrorKind, Result};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep};

use super::config::RedisConfig;
use super::connection::{self, Manager, RedisConnection};
use super::connector::Connector;
use super::error::not_connected;
use super::link::{Link, Loss, State, Terms};
use super::supervise;
use super::target::Target;

/// The longest that one attempt to connect may take, whatever a command may.
const ATTEMPT_LIMIT: Duration = Duration::from_secs(1);

/// Redis. Cloning copies a pointer.
///
/// It is a `redis::aio::ConnectionLike`: with `redis::AsyncCommands` in scope (the prelude has it), every command is a method of
/// it, and pipelines, transactions (`pipe().atomic()`) and scripts work on it. All of that shares one connection, which replaces itself
/// when it is lost. Commands that wait for something, `WATCH`, and what changes a connection need [one of their
/// own](Redis::connection); here they are refused.
///
/// A command takes at most `redis.command_timeout`. While Redis is known to be down it fails at once. Both become a 503.
///
/// ```
/// use rustboot_data::Redis;
/// use redis::AsyncCommands as _;
///
/// async fn visits(mut redis: Redis) -> rustboot_core::Result<u64> {
///     Ok(redis.incr("visits", 1).await?)
/// }
/// ```
///
/// # Cancellation
/// Dropping the future of a command leaves the connection as it was. The command may have been carried out.
#[derive(Clone)]
pub struct Redis(Arc<Inner>);

struct Inner {
    link: Arc<Link>,
    pool: Pool<Manager>,
    prefix: String,
    /// How often the configuration may be replaced at once: once.
    terms: ArcSwap<RedisConfig>,
    supervisor: AbortHandle,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.supervisor.abort();
    }
}

/// How full the pool of connections of one's own is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RedisStatus {
    /// Whether there is a connection for everyday commands.
    pub connected: bool,
    /// Everyday commands that wait for their answer.
    pub in_flight: usize,
    /// Connections that exist in the pool, in use or not.
    pub size: usize,
    /// Connections that wait to be used.
    pub available: usize,
    /// Connections that somebody holds.
    pub in_use: usize,
    /// Who waits for one.
    pub waiting: usize,
    /// How many there may be.
    pub max: usize,
}

impl Redis {
    /// Connects to the Redis of a configuration, as the component does.
    ///
    /// # Errors
    /// `Configuration` when there is no URL, or it cannot be read; `Unavailable` when the server does not let us in, or cannot be
    /// reached within `connect_timeout`. No error repeats the URL. With `critical = false` there is one attempt, and none of the
    /// latter errors: the connection is made as soon as it can be.
    ///
    /// # Cancellation
    /// Dropping the future closes what it opened.
    pub async fn connect(config: &RedisConfig) -> Result<Self> {
        Self::open(config, config.key_prefix.clone().unwrap_or_default()).await
    }

    pub(super) async fn open(config: &RedisConfig, prefix: String) -> Result<Self> {
        let link = Arc::new(Link::new(connector(config)?, Terms::of(config)));
        let patience = match config.critical {
            true => config.connect_timeout,
            false => Duration::ZERO,
        };
        match supervise::start(&link, patience).await {
            Ok(()) => {}
            Err(error) if !config.critical => tracing::warn!(
                target: "rustboot",
                error = %error,
                "the application starts without Redis (redis.critical is false)"
            ),
            Err(error) => return Err(error),
        }
        // Its owner is `Inner`, which ends it.
        let supervisor = Handle::current().spawn(supervise::supervise(Arc::clone(&link)));
        Ok(Self(Arc::new(Inner {
            pool: connection::pool(&link, config.max_connections),
            link,
            prefix,
            terms: ArcSwap::from_pointee(config.clone()),
            supervisor: supervisor.abort_handle(),
        })))
    }

    /// A connection of one's own: for commands that wait (`BLPOP`), for `WATCH`, and for whatever changes a connection.
    ///
    /// # Errors
    /// `Unavailable`: at once while Redis is down, and when none gets free within `redis.acquire_timeout`.
    ///
    /// # Cancellation
    /// Dropping the future gives up the place in the queue.
    pub async fn connection(&self) -> Result<RedisConnection> {
        connection::acquire(&self.0.link, &self.0.pool).await
    }

    /// What stands in front of every key and channel that the framework makes: `redis.key_prefix`. Commands that you send
    /// yourself are sent as they are; [`Redis::key`] puts it in front.
    pub fn key_prefix(&self) -> &str {
        &self.0.prefix
    }

    /// A key with the prefix in front.
    pub fn key(&self, key: impl fmt::Display) -> String {
        format!("{}{key}", self.0.prefix)
    }

    /// Asks whether Redis answers, and how long that takes.
    ///
    /// # Errors
    /// `Timeout` after `redis.command_timeout`, `Unavailable` when there is no connection.
    pub async fn ping(&self) -> Result<Duration> {
        supervise::ping(&self.0.link).await
    }

    /// Whether there is a connection, and how full the pool is.
    pub fn status(&self) -> RedisStatus {
        let pool = self.0.pool.status();
        RedisStatus {
            connected: matches!(**self.0.link.state.load(), State::Up(_)),
            in_flight: self.0.link.in_flight.load(Ordering::Relaxed),
            size: pool.size,
            available: pool.available,
            in_use: pool.size.saturating_sub(pool.available),
            waiting: connection::waiting(&self.0.pool),
            max: pool.max_size,
        }
    }

    /// Closes all connections; nobody gets one any more. Commands that wait for an answer are waited for, up to `limit`.
    ///
    /// The application does this by itself when it stops. Dropping the last clone closes too, without waiting.
    ///
    /// # Errors
    /// `Timeout` when some were still waiting, or some connections still in use.
    pub async fn close(&self, limit: Duration) -> Result<()> {
        self.0.supervisor.abort();
        connection::close(&self.0.pool);
        let state = State::Down(std::time::Instant::now(), not_connected("Redis is closed"));
        // The last answers come on the connection that is kept here.
        let last = self.0.link.state.swap(Arc::new(state));
        let deadline = Instant::now() + limit;
        while self.is_busy() {
            if Instant::now() >= deadline {
                return Err(Error::new(
                    ErrorKind::Timeout,
                    format!("Redis was still in use after {limit:?}"),
                ));
            }
            sleep(Duration::from_millis(5)).await;
        }
        drop(last);
        Ok(())
    }

    fn is_busy(&self) -> bool {
        let status = self.status();
        status.in_flight > 0 || status.in_use > 0
    }

    /// Goes on under a new configuration.
    pub(super) fn renew(&self, config: &RedisConfig) -> Result<()> {
        let connector = connector(config)?;
        let link = &self.0.link;
        let other = connector.differs_from(&link.connector.load());
        link.terms.store(Arc::new(Terms::of(config)));
        link.connector.store(Arc::new(connector));
        connection::resize(&self.0.pool, config.max_connections);
        if other {
            link.renewal.notify_one();
        }
        let before = self.0.terms.swap(Arc::new(config.clone()));
        if before.key_prefix != config.key_prefix || before.critical != config.critical {
            tracing::warn!(
                target: "rustboot::config",
                "redis.key_prefix and redis.critical need a restart"
            );
        }
        Ok(())
    }

    /// Whether there is a connection; else, what everybody is told.
    pub(crate) fn is_up(&self) -> redis::RedisResult<()> {
        self.0.link.live().map(drop)
    }

    pub(crate) fn command_timeout(&self) -> Duration {
        self.0.link.terms.load().command_timeout
    }

    /// Changes with each connection for everyday commands that is lost.
    pub(crate) fn losses(&self) -> watch::Receiver<Loss> {
        self.0.link.losses.subscribe()
    }

    /// A connection for subscriptions. In a cluster it is to another node with each attempt: all of them get all messages.
    pub(crate) async fn listen(
        &self,
        attempt: usize,
    ) -> redis::RedisResult<(PubSubSink, PubSubStream)> {
        let connector = self.0.link.connector.load_full();
        let shared = match &**self.0.link.state.load() {
            State::Up(live) => Some(live.conn.clone()),
            State::Down(..) => None,
        };
        connector.listener(attempt, shared).await
    }

    pub(super) fn link(&self) -> &Arc<Link> {
        &self.0.link
    }
}

fn connector(config: &RedisConfig) -> Result<Connector> {
    let target = Target::of(config)
        .map_err(|message| Error::new(ErrorKind::Configuration, format!("redis.url: {message}")))?;
    Ok(Connector {
        target,
        limit: config.command_timeout.min(ATTEMPT_LIMIT),
        command_timeout: config.command_timeout,
    })
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redis({})", self.0.link.connector.load().target)
    }
}

impl ConnectionLike for Redis {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        Box::pin(self.0.link.command(cmd))
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        Box::pin(self.0.link.commands(pipeline, offset, count))
    }

    fn get_db(&self) -> i64 {
        self.0.link.connector.load().target.login.db()
    }
}

/// So that a shared one needs no clone: `(&*redis).get("key")`.
impl ConnectionLike for &Redis {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        Box::pin(self.0.link.command(cmd))
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        Box::pin(self.0.link.commands(pipeline, offset, count))
    }

    fn get_db(&self) -> i64 {
        self.0.link.connector.load().target.login.db()
    }
}

// Messages of the compiler shall not depend on features.
#[diagnostic::do_not_recommend]
impl Injectable for Redis {
    fn dependency() -> Option<Dependency> {
        Some(Dependency::required(ComponentKey::of::<Self>()))
    }

    fn inject(resolver: &Resolver<'_>) -> Result<Self> {
        let found = resolver.component::<Self>(None);
        found
            .map(|redis| Self::clone(&redis))
            .ok_or_else(|| Error::new(ErrorKind::Configuration, "there is no component Redis"))
    }
}

#[cfg(feature = "axum")]
impl<S: Send + Sync + 'static> axum_core::extract::FromRequestParts<S> for Redis {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut http::request::Parts, state: &S) -> Result<Self> {
        rustboot_core::extract::injected(parts, state)
    }
}
