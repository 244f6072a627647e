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
mod configuration;
mod def;
#[cfg(all(feature = "disk", unix))]
mod disk;
mod indicator;
mod registry;
#[cfg(test)]
mod tests;

pub(crate) use body::HealthBodySlot;
pub use body::{DefaultHealthBody, HealthBody};
pub use config::HealthConfig;
pub(crate) use configuration::ConfigurationHealth;
pub use def::{HealthDef, HealthOutcome};
pub(crate) use def::{duplicates, indicators};
#[cfg(all(feature = "disk", unix))]
pub use disk::DiskConfig;
#[cfg(all(feature = "disk", unix))]
pub(crate) use disk::DiskHealth;
pub use indicator::{Health, HealthIndicator, Status};
pub(crate) use registry::HealthRegistry;
pub use registry::{ComponentHealth, HealthReport, Readiness};
