//! Leases: something has one owner until a moment that the owner moves on again and again. Locks are made of them, and so are
//! scheduled tasks that run on one replica only.
//!
//! | file | what |
//! |---|---|
//! | `store` | who keeps them: Redis, PostgreSQL, or this process |
//! | `redis` | the scripts |
//! | `postgres` | the statements |
//! | `memory` | the same without a server |
//! | `queue` | whoever waits in this process waits in a line, and only the first asks the store |
//! | `hold` | keeps one lease, and knows when it is lost |
//! | `tasks`, `module` | leases for scheduled tasks, and their wiring |

mod hold;
mod memory;
#[cfg(any(feature = "postgres", feature = "redis"))]
mod module;
#[cfg(feature = "postgres")]
mod postgres;
mod queue;
#[cfg(feature = "redis")]
mod redis;
mod store;
#[cfg(any(feature = "postgres", feature = "redis"))]
mod tasks;
#[cfg(all(test, feature = "postgres", feature = "redis"))]
mod tests;

pub(crate) use hold::{Claim, Hold};
#[cfg(any(feature = "postgres", feature = "redis"))]
pub use module::ScheduleModule;
pub(crate) use queue::Queues;
pub(crate) use store::{Store, Taken};
#[cfg(all(test, feature = "redis", feature = "cache"))]
pub(crate) use tasks::TaskLeases;
