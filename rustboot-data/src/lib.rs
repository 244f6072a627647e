//! SQL for Rustboot services: pools, migrations, transactions, health and metrics over sqlx.
//!
//! | module | what |
//! |---|---|
//! | `config` | `[database]` |
//! | `pool` | our own pool policy over sqlx connections, for every driver |
//! | `sqlite` | SQLite: what a server wants of it, and [`SqliteDb`] |
//! | `migrate` | embedded migrations, under a lock that no failure leaves behind |
//! | `transaction` | [`Tx`], the transaction of a request |
//! | `statement`, `metrics`, `health` | what is measured |
//! | `error` | what a database error means to a caller |
//! | `module` | the wiring |
//!
//! sqlx stays in sight: [`SqliteDb`] is a [`sqlx::Executor`], rows and errors are sqlx's, and
//! [`SqliteDb::sqlx_pool`] gives a plain sqlx pool on the same database. What this crate will not do: build SQL, map
//! objects, or retry a statement by itself.

mod config;
mod error;
#[cfg(feature = "sqlite")]
mod health;
#[cfg(feature = "sqlite")]
mod metrics;
#[cfg(feature = "sqlite")]
mod migrate;
mod module;
#[cfg(feature = "sqlite")]
mod pool;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(feature = "sqlite")]
mod statement;
#[cfg(feature = "sqlite")]
mod transaction;

pub use config::DatabaseConfig;
pub use error::{classify, kind_of};
#[cfg(feature = "sqlite")]
pub use migrate::Migrations;
pub use module::DataModule;
#[cfg(feature = "sqlite")]
pub use pool::{Acquired, PoolStatus, Session, Transaction};
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteDb;
#[cfg(feature = "sqlite")]
pub use transaction::{Transactional, Tx};
