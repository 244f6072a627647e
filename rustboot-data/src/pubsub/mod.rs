//! Publish and subscribe: what one replica says, all of them hear. For WebSockets and event streams, whose clients are spread over
//! the replicas.
//!
//! | file | what |
//! |---|---|
//! | `config` | `[pubsub]` |
//! | `handle` | [`PubSub`] |
//! | `message`, `subscription`, `queue` | what arrives, where, and what becomes of it when nobody takes it |
//! | `board` | who listens to what |
//! | `redis` | the one connection that all subscriptions share |
//! | `metrics`, `module` | what is measured, and the wiring |
//!
//! Redis delivers at most once, and keeps nothing: what is published while nobody is connected is gone. A subscriber is told that he
//! missed something, so that he can look up what there is.

mod board;
mod config;
mod handle;
mod message;
mod metrics;
mod module;
mod queue;
#[cfg(feature = "redis")]
mod redis;
mod subscription;
#[cfg(test)]
mod tests;

pub use config::PubSubConfig;
pub use handle::PubSub;
pub use message::Message;
pub use module::PubSubModule;
pub use subscription::{Missed, Subscription};
