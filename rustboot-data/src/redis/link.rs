//! What is known of Redis at this moment: the connection that all share, or that there is none.
//!
//! Callers read it with one atomic load, and never wait for a connection to be made: while there is none, they are told so at
//! once. The [supervisor](super::supervise) makes and replaces connections. They tell it what they see: an error that a
//! connection does not survive, or that nothing at all has been answered for as long as a command may take.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use redis::{Cmd, Pipeline, RedisError, RedisResult, ServerErrorKind, Value};
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

use super::command::{self, Operation};
use super::config::RedisConfig;
use super::connector::{Conn, Connector};
use super::error::{no_room, not_connected, timed_out};
use super::metrics::Metrics;

/// How young a connection to a server that turned out to be read-only may be and be replaced all the same. Below it the address
/// simply leads to a replica, and a new connection would not change that.
const READ_ONLY_AGE: Duration = Duration::from_secs(2);

/// The limits of one Redis. A reload replaces them.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    pub(crate) command_timeout: Duration,
    pub(crate) max_in_flight: usize,
    pub(crate) acquire_timeout: Duration,
    pub(crate) slow_command: Duration,
}

impl Terms {
    pub(super) fn of(config: &RedisConfig) -> Self {
        Self {
            command_timeout: config.command_timeout,
            max_in_flight: config.max_in_flight,
            acquire_timeout: config.acquire_timeout,
            slow_command: config.slow_command,
        }
    }
}

/// A connection that works, as far as is known.
pub(super) struct Live {
    pub(super) conn: Conn,
    /// Counts the connections.
    pub(super) epoch: u64,
    /// The server behind it.
    pub(super) at: String,
    pub(super) since: Instant,
    /// When something was last answered, in microseconds since `since`.
    answered: AtomicU64,
}

impl Live {
    pub(super) fn new(conn: Conn, epoch: u64, at: String) -> Self {
        Self {
            conn,
            epoch,
            at,
            since: Instant::now(),
            answered: AtomicU64::new(0),
        }
    }

    fn micros(&self, moment: Instant) -> u64 {
        let passed = moment.saturating_duration_since(self.since);
        u64::try_from(passed.as_micros()).unwrap_or(u64::MAX)
    }

    pub(super) fn answered_at(&self, moment: Instant) {
        self.answered.store(self.micros(moment), Ordering::Relaxed);
    }

    /// Whether nothing has been answered since then.
    pub(super) fn silent_since(&self, moment: Instant) -> bool {
        self.answered.load(Ordering::Relaxed) <= self.micros(moment)
    }
}

/// What callers find.
pub(super) enum State {
    Up(Arc<Live>),
    /// Since when, and what each of them is told.
    Down(Instant, RedisError),
}

/// The last connection that was given up, and why.
#[derive(Clone)]
pub(crate) struct Loss {
    pub(super) epoch: u64,
    pub(super) reason: RedisError,
}

/// Callers and supervisor, and what they have in common.
pub(crate) struct Link {
    pub(super) state: ArcSwap<State>,
    pub(super) connector: ArcSwap<Connector>,
    pub(super) terms: ArcSwap<Terms>,
    pub(super) losses: watch::Sender<Loss>,
    /// The connection has to be replaced, and works until then.
    pub(super) renewal: Notify,
    /// Somebody saw something odd.
    pub(super) doubt: Notify,
    pub(super) epochs: AtomicU64,
    pub(super) in_flight: AtomicUsize,
    pub(super) metrics: Metrics,
}

impl Link {
    pub(super) fn new(connector: Connector, terms: Terms) -> Self {
        let reason = not_connected("there was no connection to Redis yet");
        Self {
            state: ArcSwap::from_pointee(State::Down(Instant::now(), reason.clone())),
            connector: ArcSwap::from_pointee(connector),
            terms: ArcSwap::from_pointee(terms),
            losses: watch::Sender::new(Loss { epoch: 0, reason }),
            renewal: Notify::new(),
            doubt: Notify::new(),
            epochs: AtomicU64::new(0),
            in_flight: AtomicUsize::new(0),
            metrics: Metrics::new(),
        }
    }

    /// The connection, or why there is none.
    pub(super) fn live(&self) -> RedisResult<Arc<Live>> {
        match &**self.state.load() {
            State::Up(live) => Ok(Arc::clone(live)),
            State::Down(_, told) => {
                self.metrics.refused();
                Err(told.clone())
            }
        }
    }

    /// A connection is of no use any more. Only the first who says so is heard.
    pub(super) fn give_up(&self, epoch: u64, reason: &RedisError) {
        self.losses.send_if_modified(|loss| {
            let news = epoch > loss.epoch;
            if news {
                *loss = Loss {
                    epoch,
                    reason: reason.clone(),
                };
            }
            news
        });
    }

    /// One command on the connection that all share.
    pub(super) async fn command(&self, cmd: &Cmd) -> RedisResult<Value> {
        command::may_share(cmd)?;
        let operation = Operation::of(cmd);
        self.call(
            operation,
            async |conn| conn.command(cmd).await,
            |value| match value {
                Value::ServerError(error) => error.kind(),
                _ => None,
            },
        )
        .await
    }

    /// Several commands, written at once.
    pub(super) async fn commands(
        &self,
        pipeline: &Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisResult<Vec<Value>> {
        for cmd in pipeline.cmd_iter() {
            command::may_share(cmd)?;
        }
        let operation = Operation::of_pipeline(pipeline);
        self.call(
            operation,
            async |conn| conn.commands(pipeline, offset, count, false).await,
            |values| {
                values.iter().find_map(|value| match value {
                    Value::ServerError(error) => error.kind(),
                    _ => None,
                })
            },
        )
        .await
    }

    async fn call<T>(
        &self,
        operation: Operation,
        ask: impl AsyncFnOnce(&mut Conn) -> RedisResult<T>,
        refusal: impl FnOnce(&T) -> Option<ServerErrorKind>,
    ) -> RedisResult<T> {
        let live = self.live()?;
        let (limit, slow) = {
            let terms = self.terms.load();
            if self.in_flight.load(Ordering::Relaxed) >= terms.max_in_flight {
                self.metrics.refused();
                return Err(no_room(format_args!(
                    "{} commands wait for an answer of Redis already (redis.max_in_flight)",
                    terms.max_in_flight
                )));
            }
            (terms.command_timeout, terms.slow_command)
        };
        let _one = InFlight::begin(&self.in_flight);
        let began = Instant::now();
        let mut conn = live.conn.clone();
        let outcome = timeout(limit, ask(&mut conn)).await;
        let ended = Instant::now();
        let took = ended - began;
        self.metrics.operation(operation, took);
        if took >= slow {
            slow_command(operation, took);
        }
        match outcome {
            Ok(Ok(value)) => {
                live.answered_at(ended);
                if let Some(kind) = refusal(&value) {
                    self.refused_by_server(&live, kind);
                }
                Ok(value)
            }
            Ok(Err(error)) => {
                self.metrics.failed();
                self.failed(&live, &error);
                Err(error)
            }
            Err(_) => {
                self.metrics.timed_out();
                let error = timed_out(format_args!(
                    "Redis at {} did not answer {} within {limit:?} (redis.command_timeout)",
                    live.at,
                    operation.name()
                ));
                if live.conn.is_one_socket() && live.silent_since(began) {
                    self.give_up(live.epoch, &error);
                } else {
                    self.doubt.notify_one();
                }
                Err(error)
            }
        }
    }

    fn failed(&self, live: &Live, error: &RedisError) {
        if let redis::ErrorKind::Server(kind) = error.kind() {
            return self.refused_by_server(live, kind);
        }
        if !error.is_unrecoverable_error() {
            return;
        }
        if live.conn.is_one_socket() {
            self.give_up(live.epoch, error);
        } else {
            self.doubt.notify_one();
        }
    }

    /// A primary that became a replica: behind the same address there may be another one by now.
    fn refused_by_server(&self, live: &Live, kind: ServerErrorKind) {
        let moved = kind == ServerErrorKind::ReadOnly && live.conn.is_one_socket();
        if moved && live.since.elapsed() > READ_ONLY_AGE {
            self.renewal.notify_one();
        }
    }
}

/// Values of keys are not logged, and neither are keys.
pub(super) fn slow_command(operation: Operation, took: Duration) {
    tracing::warn!(
        target: "rustboot::redis",
        operation = operation.name(),
        took_ms = took.as_secs_f64() * 1e3,
        "slow command"
    );
}

/// Counts one command until it is over, dropped ones included.
struct InFlight<'a>(&'a AtomicUsize);

impl<'a> InFlight<'a> {
    fn begin(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
