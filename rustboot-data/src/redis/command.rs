//! What a command is: its name in metrics, and whether it may share a connection with others.

use std::time::Duration;

use redis::{Arg, Cmd, ErrorKind, Pipeline, RedisError, RedisResult};

/// What a command is called in metrics: one of these, or `OTHER`. The most frequent ones first.
const NAMES: [&str; 71] = [
    "GET",
    "SET",
    "DEL",
    "EVALSHA",
    "EXPIRE",
    "INCRBY",
    "MGET",
    "HGET",
    "HSET",
    "EXISTS",
    "PUBLISH",
    "PIPELINE",
    "TRANSACTION",
    "MSET",
    "SETEX",
    "PSETEX",
    "SETNX",
    "GETSET",
    "GETDEL",
    "GETEX",
    "APPEND",
    "STRLEN",
    "INCR",
    "INCRBYFLOAT",
    "DECR",
    "DECRBY",
    "UNLINK",
    "TTL",
    "PTTL",
    "PEXPIRE",
    "PERSIST",
    "TYPE",
    "RENAME",
    "SCAN",
    "KEYS",
    "EVAL",
    "SCRIPT",
    "HMGET",
    "HMSET",
    "HGETALL",
    "HDEL",
    "HINCRBY",
    "HLEN",
    "HSCAN",
    "LPUSH",
    "RPUSH",
    "LPOP",
    "RPOP",
    "LRANGE",
    "LLEN",
    "LREM",
    "SADD",
    "SREM",
    "SMEMBERS",
    "SISMEMBER",
    "SCARD",
    "ZADD",
    "ZREM",
    "ZRANGE",
    "ZRANGEBYSCORE",
    "ZREMRANGEBYSCORE",
    "ZCARD",
    "ZSCORE",
    "XADD",
    "XREAD",
    "XREADGROUP",
    "XACK",
    "XLEN",
    "BLPOP",
    "BRPOP",
    "PING",
];

/// The place of a name in [`Operation::all`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Operation(usize);

impl Operation {
    const OTHER: Self = Self(NAMES.len());

    /// The names of all.
    pub(crate) fn all() -> impl Iterator<Item = &'static str> {
        NAMES.into_iter().chain(["OTHER"])
    }

    pub(crate) fn name(self) -> &'static str {
        NAMES.get(self.0).copied().unwrap_or("OTHER")
    }

    pub(crate) const fn index(self) -> usize {
        self.0
    }

    pub(crate) fn of(cmd: &Cmd) -> Self {
        Self::named(Name::of(cmd).text())
    }

    pub(crate) fn of_pipeline(pipeline: &Pipeline) -> Self {
        Self::named(match pipeline.is_transaction() {
            true => b"TRANSACTION",
            false => b"PIPELINE",
        })
    }

    fn named(name: &[u8]) -> Self {
        let found = NAMES.iter().position(|known| known.as_bytes() == name);
        found.map_or(Self::OTHER, Self)
    }
}

/// The first word of a command, in capital letters.
pub(super) struct Name {
    text: [u8; 20],
    length: usize,
}

impl Name {
    pub(super) fn of(cmd: &Cmd) -> Self {
        let first = match cmd.args_iter().next() {
            Some(Arg::Simple(first)) => first,
            _ => b"",
        };
        let mut text = [0; 20];
        // What is longer is no name of those that matter here.
        let length = if first.len() > text.len() {
            0
        } else {
            first.len()
        };
        text[..length].copy_from_slice(&first[..length]);
        text[..length].make_ascii_uppercase();
        Self { text, length }
    }

    pub(super) fn text(&self) -> &[u8] {
        &self.text[..self.length]
    }
}

/// What a command does to the connection that it is sent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// It is answered at once, and leaves nothing behind.
    Passing,
    /// Everything behind it waits until something happens, or for that long.
    Waiting(Option<Duration>),
    /// What comes after it is watched (`WATCH`).
    Watching,
    /// That is over (`EXEC`, `DISCARD`, `UNWATCH`).
    Settling,
    /// The connection is another one afterwards: another database, another user, another protocol.
    Changing,
}

impl Manner {
    pub(super) fn of(cmd: &Cmd) -> Self {
        match Name::of(cmd).text() {
            b"BLPOP" | b"BRPOP" | b"BLMOVE" | b"BRPOPLPUSH" | b"BZPOPMIN" | b"BZPOPMAX" => {
                Self::Waiting(argument(cmd, cmd.args_iter().len() - 1, 1.0))
            }
            b"BLMPOP" | b"BZMPOP" => Self::Waiting(argument(cmd, 1, 1.0)),
            b"WAIT" => Self::Waiting(argument(cmd, 2, 0.001)),
            b"WAITAOF" => Self::Waiting(argument(cmd, 3, 0.001)),
            b"XREAD" | b"XREADGROUP" => match position(cmd, b"BLOCK") {
                Some(block) => Self::Waiting(argument(cmd, block + 1, 0.001)),
                None => Self::Passing,
            },
            b"WATCH" => Self::Watching,
            b"EXEC" | b"DISCARD" | b"UNWATCH" => Self::Settling,
            b"MULTI" | b"SELECT" | b"AUTH" | b"HELLO" | b"RESET" | b"QUIT" | b"MONITOR"
            | b"SYNC" | b"PSYNC" | b"SUBSCRIBE" | b"PSUBSCRIBE" | b"SSUBSCRIBE"
            | b"UNSUBSCRIBE" | b"PUNSUBSCRIBE" | b"SUNSUBSCRIBE" | b"READONLY" | b"READWRITE"
            | b"ASKING" => Self::Changing,
            b"CLIENT" => match cmd.args_iter().nth(1) {
                Some(Arg::Simple(what))
                    if [
                        &b"REPLY"[..],
                        b"TRACKING",
                        b"CACHING",
                        b"NO-EVICT",
                        b"NO-TOUCH",
                        b"SETNAME",
                    ]
                    .iter()
                    .any(|changing| what.eq_ignore_ascii_case(changing)) =>
                {
                    Self::Changing
                }
                _ => Self::Passing,
            },
            _ => Self::Passing,
        }
    }
}

/// What several commands that are sent together do to the connection: what the most binding of them does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Demand {
    /// How long they may wait altogether, beside what an answer takes; `None` for ever.
    pub(super) wait: Option<Duration>,
    /// What is left behind.
    pub(super) trace: Trace,
}

/// What commands leave on a connection, the least binding first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Trace {
    None,
    /// No watch, if there was one.
    Settled,
    Watch,
    /// Another connection.
    Change,
}

impl Demand {
    const NOTHING: Self = Self {
        wait: Some(Duration::ZERO),
        trace: Trace::None,
    };

    pub(super) fn of(cmd: &Cmd) -> Self {
        let trace = match Manner::of(cmd) {
            Manner::Passing => Trace::None,
            Manner::Waiting(wait) => {
                return Self {
                    wait,
                    trace: Trace::None,
                };
            }
            Manner::Watching => Trace::Watch,
            Manner::Settling => Trace::Settled,
            Manner::Changing => Trace::Change,
        };
        Self {
            trace,
            ..Self::NOTHING
        }
    }

    pub(super) fn of_pipeline(pipeline: &Pipeline) -> Self {
        let all = pipeline.cmd_iter().map(Self::of);
        let all = all.fold(Self::NOTHING, |all, one| Self {
            wait: all
                .wait
                .zip(one.wait)
                .map(|(all, one)| all.saturating_add(one)),
            trace: all.trace.max(one.trace),
        });
        match pipeline.is_transaction() {
            // Nothing waits in a transaction, and `EXEC` ends every watch.
            true => Self {
                wait: Some(Duration::ZERO),
                trace: all.trace.max(Trace::Settled),
            },
            false => all,
        }
    }

    pub(super) fn waits(self) -> bool {
        self.wait != Some(Duration::ZERO)
    }
}

/// Refuses what would make all others wait, or leave the connection of all others changed.
pub(super) fn may_share(cmd: &Cmd) -> RedisResult<()> {
    if Manner::of(cmd) == Manner::Passing {
        return Ok(());
    }
    let name = Name::of(cmd);
    let name = String::from_utf8_lossy(name.text());
    Err(RedisError::from((
        ErrorKind::Client,
        "a command that needs a connection of its own: `let mut connection = redis.connection().await?`",
        name.into_owned(),
    )))
}

/// The place of a word.
fn position(cmd: &Cmd, word: &[u8]) -> Option<usize> {
    cmd.args_iter().position(
        |argument| matches!(argument, Arg::Simple(text) if text.eq_ignore_ascii_case(word)),
    )
}

/// An argument that is a time; `None` when it stands for ever. `unit` is in seconds.
fn argument(cmd: &Cmd, index: usize, unit: f64) -> Option<Duration> {
    let Some(Arg::Simple(text)) = cmd.args_iter().nth(index) else {
        return None;
    };
    let number: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    Duration::try_from_secs_f64(number * unit)
        .ok()
        .filter(|wait| !wait.is_zero())
}
