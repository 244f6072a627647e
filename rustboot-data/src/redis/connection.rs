//! Connections for one user at a time: for commands that wait, transactions that watch, and whatever changes a connection.
//!
//! deadpool keeps the connections, [`Places`] the queue and the limit, deadpool-redis makes them and looks them over. What is ours: nobody waits
//! for a connection while Redis is known to be down, a command that was dropped before its answer came takes its connection with it,
//! and so does one that left the connection changed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool::managed::{self, Metrics, Object, Pool, PoolError, RecycleError, RecycleResult};
use redis::aio::ConnectionLike;
use redis::{Cmd, Pipeline, RedisError, RedisFuture, RedisResult, Value};
use rustboot_core::{Error, ErrorKind, Result};
use tokio::time::timeout;

use super::command::{Demand, Operation, Trace};
use super::connector::Conn;
use super::error::{from_redis, not_connected, timed_out};
use super::link::{Link, slow_command};
use crate::places::Places;

/// After how long a connection is asked whether it still works before it is used.
const LOOK_OVER_AFTER: Duration = Duration::from_secs(1);

/// How long that may take.
const LOOK_OVER_LIMIT: Duration = Duration::from_millis(500);

/// One connection in the pool.
pub(crate) struct Held {
    conn: Conn,
    made_by: Option<Arc<deadpool_redis::Manager>>,
    /// The connection of all others that was there at the same time: when that is lost, so is this one.
    epoch: u64,
    /// Of what it was made with.
    mark: u64,
    used: Instant,
}

/// Makes and looks over connections.
pub(crate) struct Manager {
    link: Arc<Link>,
    /// For each connection that somebody has.
    places: Places,
}

impl managed::Manager for Manager {
    type Type = Held;
    type Error = RedisError;

    async fn create(&self) -> RedisResult<Held> {
        let live = self.link.live()?;
        let connector = self.link.connector.load_full();
        let (conn, made_by) = connector.dedicated(live.conn.clone()).await?;
        Ok(Held {
            conn,
            made_by,
            epoch: live.epoch,
            mark: connector.target.mark,
            used: Instant::now(),
        })
    }

    async fn recycle(&self, held: &mut Held, metrics: &Metrics) -> RecycleResult<RedisError> {
        if held.mark != self.link.connector.load().target.mark {
            return Err(RecycleError::message(
                "made with what is configured no more",
            ));
        }
        if self.link.losses.borrow().epoch >= held.epoch {
            return Err(RecycleError::message("made before the server was lost"));
        }
        if held.used.elapsed() < LOOK_OVER_AFTER {
            return Ok(());
        }
        let asked = async {
            match (&held.made_by, &mut held.conn) {
                (Some(manager), Conn::Node(node)) => manager.recycle(node, metrics).await,
                (_, conn) => conn.probe().await.map_err(RecycleError::Backend),
            }
        };
        match timeout(LOOK_OVER_LIMIT, asked).await {
            Ok(outcome) => outcome,
            Err(_) => Err(RecycleError::message("it did not answer")),
        }
    }
}

/// Makes a pool. Opens nothing.
pub(super) fn pool(link: &Arc<Link>, max: usize) -> Pool<Manager> {
    let manager = Manager {
        link: Arc::clone(link),
        places: Places::new(max),
    };
    let builder = Pool::builder(manager).max_size(max);
    match builder.build() {
        Ok(pool) => pool,
        Err(_) => unreachable!("deadpool needs a runtime only for its own timeouts, which are off"),
    }
}

/// From now on, there may be so many.
pub(super) fn resize(pool: &Pool<Manager>, max: usize) {
    pool.resize(max);
    pool.manager().places.resize(max);
}

/// Nobody gets one any more.
pub(super) fn close(pool: &Pool<Manager>) {
    pool.manager().places.close();
    pool.close();
}

/// How many wait for one.
pub(super) fn waiting(pool: &Pool<Manager>) -> usize {
    pool.manager().places.waiting()
}

/// Waits for one.
pub(super) async fn acquire(link: &Arc<Link>, pool: &Pool<Manager>) -> Result<RedisConnection> {
    let down = |error| from_redis(error, "there is no connection to Redis");
    link.live().map_err(down)?;
    let limit = link.terms.load().acquire_timeout;
    let began = Instant::now();
    let mut losses = link.losses.subscribe();
    losses.mark_unchanged();
    let next = async {
        let place = pool.manager().places.take().await;
        let place = place.ok_or(PoolError::Closed)?;
        Ok((pool.get().await?, place))
    };
    let got = tokio::select! {
        got = timeout(limit, next) => got,
        // Whoever waits for others to give one back would wait in vain.
        _ = losses.changed() => Ok(Err(PoolError::Backend(losses.borrow().reason.clone()))),
    };
    link.metrics.waited(began.elapsed());
    match got {
        Ok(Ok((held, place))) => {
            // Given back when the connection is.
            place.keep();
            let status = pool.status();
            link.metrics.idle.set(status.available as f64);
            link.metrics.used.increment(1.0);
            Ok(RedisConnection {
                held: Some(held),
                link: Arc::clone(link),
                fit: Fitness::Clean,
                watch: Watch::None,
            })
        }
        Ok(Err(PoolError::Backend(error))) => Err(down(error)),
        Ok(Err(PoolError::Closed)) => Err(Error::new(ErrorKind::Unavailable, "Redis is closed")),
        Ok(Err(_)) | Err(_) => Err(Error::new(
            ErrorKind::Unavailable,
            format!(
                "no connection to Redis got free within {limit:?} (redis.acquire_timeout; redis.max_connections is {})",
                pool.status().max_size
            ),
        )),
    }
}

/// Whether a connection may be given to somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fitness {
    Clean,
    /// There is a `WATCH` that was not followed by an `EXEC`.
    Watching,
    /// A command was sent whose answer nobody has seen.
    Owed,
    /// It is another one than it was, or broken.
    Spent,
}

/// A connection to Redis for one user, from [`Redis::connection`](super::Redis::connection): a
/// [`ConnectionLike`], so that all of `redis::AsyncCommands` works on it.
///
/// Commands that wait (`BLPOP`, `XREAD … BLOCK`) may take as long as they ask for, and end early with an error when Redis is lost in
/// the meantime; all others may take `redis.command_timeout`. Dropped, it goes back to the pool. When a command on it was dropped
/// before its answer came, or it was left changed (`SELECT`, `SUBSCRIBE`, `MULTI` without `EXEC`), it is closed instead.
///
/// ```
/// use rustboot_data::Redis;
/// use redis::AsyncCommands as _;
///
/// async fn next_job(redis: &Redis) -> rustboot_core::Result<Option<(String, String)>> {
///     let mut connection = redis.connection().await?;
///     Ok(connection.blpop("jobs", 5.0).await?)
/// }
/// ```
pub struct RedisConnection {
    /// `None` once it is taken apart.
    held: Option<Object<Manager>>,
    link: Arc<Link>,
    fit: Fitness,
    watch: Watch,
}

/// Whether what a transaction watches is still watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Watch {
    None,
    /// Since then, as [`Conn::losses`] counts.
    Since(u64),
    Lost,
}

impl RedisConnection {
    /// The connection to a cluster outlives those to its nodes.
    fn has_lost_its_watch(&self) -> bool {
        match (self.watch, &self.held) {
            (Watch::Since(lost), Some(held)) => held.conn.losses() != lost,
            (watch, _) => watch == Watch::Lost,
        }
    }

    async fn call<T>(
        &mut self,
        operation: Operation,
        demand: Demand,
        ask: impl AsyncFnOnce(&mut Conn) -> RedisResult<T>,
    ) -> RedisResult<T> {
        let Some(held) = &mut self.held else {
            unreachable!("it is taken apart only when it is dropped")
        };
        let before = std::mem::replace(&mut self.fit, Fitness::Owed);
        let patience = self.link.terms.load().command_timeout;
        let limit = demand.wait.map(|wait| wait.saturating_add(patience));
        if demand.trace == Trace::Watch && self.watch == Watch::None {
            self.watch = Watch::Since(held.conn.losses());
        }
        let epoch = held.epoch;
        let mut losses = self.link.losses.subscribe();
        let began = Instant::now();
        let answer = async {
            match limit {
                None => ask(&mut held.conn).await,
                Some(limit) => match timeout(limit, ask(&mut held.conn)).await {
                    Ok(outcome) => outcome,
                    Err(_) => {
                        self.link.metrics.timed_out();
                        self.link.doubt.notify_one();
                        Err(timed_out(format_args!(
                            "Redis did not answer {} within {limit:?}",
                            operation.name()
                        )))
                    }
                },
            }
        };
        let outcome = tokio::select! {
            outcome = answer => outcome,
            lost = losses.wait_for(|loss| loss.epoch >= epoch) => match lost {
                Ok(loss) => Err(loss.reason.clone()),
                Err(_) => Err(timed_out("Redis is closed")),
            },
        };
        let took = began.elapsed();
        self.link.metrics.operation(operation, took);
        if !demand.waits() && took >= self.link.terms.load().slow_command {
            slow_command(operation, took);
        }
        held.used = Instant::now();
        self.watch = match (self.watch, demand.trace, &outcome) {
            (Watch::Since(_), _, Err(error)) if !is_answer(error) => Watch::Lost,
            (_, Trace::Settled, Ok(_)) => Watch::None,
            (watch, ..) => watch,
        };
        self.fit = match (&outcome, demand.trace) {
            // An answer of the server, if not the one that was hoped for.
            (Err(error), _) if !is_answer(error) => {
                self.link.metrics.failed();
                Fitness::Spent
            }
            // What else was left on it stays.
            _ if matches!(before, Fitness::Spent | Fitness::Owed) => before,
            (_, Trace::Change) => Fitness::Spent,
            (_, Trace::Watch) => Fitness::Watching,
            (_, Trace::Settled) => Fitness::Clean,
            (_, Trace::None) => before,
        };
        outcome
    }
}

/// Whether an error is what the server said.
fn is_answer(error: &RedisError) -> bool {
    matches!(
        error.kind(),
        redis::ErrorKind::Server(_) | redis::ErrorKind::Extension
    )
}

impl ConnectionLike for RedisConnection {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        let (operation, demand) = (Operation::of(cmd), Demand::of(cmd));
        Box::pin(self.call(operation, demand, async |conn| conn.command(cmd).await))
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        let operation = Operation::of_pipeline(pipeline);
        let demand = Demand::of_pipeline(pipeline);
        let watches = self.watch != Watch::None;
        if pipeline.is_transaction() && self.has_lost_its_watch() {
            let lost = "the connection to the node that watches was lost since the WATCH";
            return Box::pin(std::future::ready(Err(not_connected(lost))));
        }
        Box::pin(self.call(operation, demand, async move |conn| {
            conn.commands(pipeline, offset, count, watches).await
        }))
    }

    fn get_db(&self) -> i64 {
        self.held.as_ref().map_or(0, |held| held.conn.database())
    }
}

impl Drop for RedisConnection {
    fn drop(&mut self) {
        self.link.metrics.used.decrement(1.0);
        let Some(held) = self.held.take() else { return };
        let pool = Object::pool(&held);
        match self.fit {
            Fitness::Clean => drop(held),
            _ => drop(Object::take(held)),
        }
        if let Some(pool) = pool {
            pool.manager().places.give_back();
            self.link.metrics.idle.set(pool.status().available as f64);
        }
    }
}

impl std::fmt::Debug for RedisConnection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisConnection")
            .field("fit", &self.fit)
            .finish_non_exhaustive()
    }
}
