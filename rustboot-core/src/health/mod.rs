//! Health: what works, what does not, and whether to send requests here.
//!
//! Three questions, three answers. *Live*: can the process serve at all; never looks at dependencies, because restarting
//! this process does not repair a database. *Ready*: may requests come; no while starting or draining, or while a critical
//! component is down. *Health*: everything that is known, for people.
//!
//! Checks run at the same time, each with its own timeout, and a result serves everybody for a moment
//! ([`HealthConfig::cache`]), so that a flood of probes costs nothing.

mod body;
mod config;
mod def;
mod indicator;
mod registry;
#[cfg(test)]
mod tests;

pub(crate) use body::HealthBodySlot;
pub use body::{DefaultHealthBody, HealthBody};
pub use config::HealthConfig;
pub use def::{HealthDef, HealthOutcome};
pub(crate) use def::{duplicates, indicators};
pub use indicator::{Health, HealthIndicator, Status};
pub(crate) use registry::HealthRegistry;
pub use registry::{ComponentHealth, HealthReport, Readiness};
