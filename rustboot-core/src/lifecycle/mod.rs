//! Start and stop.
//!
//! Start: configuration → modules → components, each followed by its migrations → health → `on_start` → bind → ready.
//! Stop: readiness off → drain delay → the listeners close and requests in flight finish → tasks → `on_stop` → pools →
//! telemetry. Each step has a deadline, is logged with its duration, and runs whatever the one before it did.
//!
//! `start` and `stop` read as these two lists. What a crate takes part in, it registers:
//! a [`Server`], a hook, a task.

pub(crate) mod background;
mod config;
mod hook;
mod server;
mod shutdown;
pub(crate) mod signal;
pub(crate) mod start;
pub(crate) mod stop;
#[cfg(all(feature = "systemd", unix))]
mod systemd;
mod tasks;

pub use background::BackgroundDef;
pub use config::LifecycleConfig;
pub(crate) use hook::Hook;
pub use hook::{HookDef, HookPhase};
pub use server::{Drained, Server, ServerRole};
pub(crate) use shutdown::{Availability, Phase, StopRequest};
pub use shutdown::{Shutdown, StopReason};
pub(crate) use tasks::{Ending, caught};
pub use tasks::{Restart, Tasks};

/// Milliseconds with three decimals: nobody reads more.
pub(crate) fn milliseconds(took: std::time::Duration) -> f64 {
    (took.as_secs_f64() * 1e6).round() / 1e3
}
