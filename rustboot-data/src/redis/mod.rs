//! Redis: one connection that all share for everyday commands, and a pool for those that need one of their own.
//!
//! | file | what |
//! |---|---|
//! | `config`, `target` | `[redis]`, and what a URL means |
//! | `connector`, `tls` | how a connection is made: to a server, to what Sentinels call the primary, to a cluster |
//! | `cluster` | a command that a node of a cluster refuses |
//! | `link` | the shared connection, and what happens to a command on it |
//! | `supervise` | who makes it, looks after it and replaces it |
//! | `command` | what a command is called, and whether it may share |
//! | `connection` | connections of one's own |
//! | `handle` | [`Redis`] |
//! | `error`, `health`, `metrics` | what others see of it |
//! | `module` | the wiring |
//!
//! A command never waits longer than `redis.command_timeout`, and not at all while Redis is known to be down. What this will not
//! do: send a command again that may have been carried out. Whether one that got no answer was, nobody knows; whoever may repeat it
//! does so. In a cluster, what a node refused goes to another one.

mod cluster;
mod command;
mod config;
mod connection;
mod connector;
mod error;
mod handle;
mod health;
mod link;
mod metrics;
mod module;
mod supervise;
mod target;
#[cfg(test)]
mod tests;
#[cfg(feature = "tls")]
mod tls;

pub use config::RedisConfig;
pub use connection::RedisConnection;
pub use error::redis_kind_of;
pub use handle::{Redis, RedisStatus};
pub use module::RedisModule;

// Locks and channels are built on it.
#[cfg(feature = "cache")]
pub(crate) use error::has_answered;
pub(crate) use error::{from_redis, not_connected, timed_out};
pub(crate) use module::is_configured;
