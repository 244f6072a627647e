//! Locks: one of all replicas does something at a time.
//!
//! | file | what |
//! |---|---|
//! | `config` | `[lock]` |
//! | `handle` | [`Lock`] |
//! | `guard` | [`LockGuard`] |
//! | `metrics`, `module` | what is measured, and the wiring |
//!
//! What holds them together is in `lease`. What a lock in Redis cannot do: hold across a failover that loses what was written last, or
//! stop a process that was frozen for longer than the lease and goes on. That is what the token is for.

mod config;
mod guard;
mod handle;
mod metrics;
mod module;
#[cfg(test)]
mod tests;

pub use config::LockConfig;
pub use guard::LockGuard;
pub use handle::Lock;
pub use module::LockModule;
