//! Leases: something has one owner until a moment that the owner moves on again and again. Locks are made of them.
//!
//! | file | what |
//! |---|---|
//! | `store` | who keeps them: Redis, or this process |
//! | `redis` | the scripts |
//! | `memory` | the same without a server |
//! | `queue` | whoever waits in this process waits in a line, and only the first asks the store |
//! | `hold` | keeps one lease, and knows when it is lost |

mod hold;
mod memory;
mod queue;
#[cfg(feature = "redis")]
mod redis;
mod store;

pub(crate) use hold::{Claim, Hold};
pub(crate) use queue::Queues;
pub(crate) use store::{Store, Taken};
