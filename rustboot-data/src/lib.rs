//! SQL, Redis and caches for Rustboot services: pools, migrations, transactions, health and metrics over sqlx and redis.
//!
//! | module | what |
//! |---|---|
//! | `config` | `[database]`, `[databases.NAME]` |
//! | `pool` | our own pool policy over sqlx connections, for every driver |
//! | `sqlite` | SQLite: what a server wants of it, and `SqliteDb` |
//! | `server`, `postgres`, `mysql` | databases that are servers: `PgDb`, `MySqlDb`, and their replicas |
//! | `handle` | what the three types have in common |
//! | `migrate` | embedded migrations, under a lock that no failure leaves behind |
//! | `transaction` | `Tx`, the transaction of a request |
//! | `statement`, `metrics`, `health` | what is measured |
//! | `error` | what a database error means to a caller |
//! | `credentials` | what happens when a server refuses the password: the secrets are read again |
//! | `module`, `wire`, `kept` | the wiring, and names of the configuration as names of components |
//! | `cache` | `Cache`: values that took time to make, kept for a while |
//! | `lock` | `Lock`: one of all replicas at a time |
//! | `lease` | the leases of locks and of scheduled tasks that run on one replica: on Redis, PostgreSQL, or in this process |
//! | `pubsub` | `PubSub`: what one replica says, all of them hear |
//! | `redis` | `Redis`: a connection that all share and that replaces itself, and connections of one's own |
//!
//! sqlx stays in sight: each database is a [`sqlx::Executor`], rows and errors are sqlx's, and `sqlx_pool` gives a plain sqlx
//! pool on the same database. What this crate will not do: build SQL, map
//! objects, or retry a statement by itself.

#[cfg(feature = "cache")]
mod cache;
#[cfg(test)]
#[cfg(feature = "tls")]
#[cfg(any(feature = "postgres", feature = "mysql", feature = "redis"))]
mod certificates;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
mod config;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
mod credentials;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
mod error;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
mod handle;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
mod health;
#[cfg(any(
    feature = "sqlite",
    feature = "postgres",
    feature = "mysql",
    feature = "cache"
))]
mod kept;
#[cfg(feature = "lock")]
mod lease;
#[cfg(feature = "lock")]
mod lock;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
mod metrics;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
mod migrate;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
mod module;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(any(
    feature = "sqlite",
    feature = "postgres",
    feature = "mysql",
    feature = "redis"
))]
mod places;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
mod pool;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "pubsub")]
mod pubsub;
#[cfg(feature = "redis")]
mod redis;
#[cfg(any(feature = "postgres", feature = "mysql"))]
mod server;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
mod statement;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
mod transaction;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
mod wire;

#[cfg(feature = "redis")]
pub use self::redis::{
    Redis, RedisConfig, RedisConnection, RedisModule, RedisStatus, redis_kind_of,
};
#[cfg(feature = "cache")]
pub use cache::{
    Cache, CacheConfig, CacheKey, CacheModule, Cacheable, CachesConfig, LoadError, Ttl,
};
#[cfg(feature = "cache")]
#[doc(hidden)]
pub use cache::{CachedResult, assert_cached};
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
pub use config::{DatabaseConfig, DatabasesConfig};
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
pub use error::{classify, kind_of};
#[cfg(any(feature = "postgres", feature = "redis"))]
pub use lease::ScheduleModule;
#[cfg(feature = "lock")]
pub use lock::{Lock, LockConfig, LockGuard, LockModule};
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
pub use migrate::Migrations;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
pub use module::DataModule;
#[cfg(feature = "mysql")]
pub use mysql::MySqlDb;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
pub use pool::{Acquired, PoolStatus, Session, Transaction};
#[cfg(feature = "postgres")]
pub use postgres::PgDb;
#[cfg(feature = "pubsub")]
pub use pubsub::{Message, Missed, PubSub, PubSubConfig, PubSubModule, Subscription};
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteDb;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
pub use transaction::{Transactional, Tx};
