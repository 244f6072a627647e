//! Tasks that run again and again while the application does.
//!
//! A definition is [`TaskDef`]. When the application is assembled, `resolve` reads what it leaves to the configuration and
//! checks the rest; `rhythm` knows when the next run is due, `slots` whether it may begin then, `runner` runs it, and
//! `state` remembers how it went.
//!
//! When the application stops, no new run starts, and a run that is under way may finish within the limit of the step. A task
//! that runs on one replica only (`leader`) needs somebody who keeps leases for all of them (`lease`): rustboot-data has it.

mod clock;
mod config;
#[cfg(feature = "cron")]
mod cron;
mod def;
mod leader;
mod lease;
mod reference;
mod resolve;
mod rhythm;
mod runner;
#[cfg(test)]
mod singleton_tests;
mod slots;
mod state;
#[cfg(test)]
mod tests;

pub use config::ScheduleConfig;
pub use def::{Overlap, Period, TaskDef, TaskOptions, Trigger};
pub use leader::fencing_token;
pub use lease::{Attempt, HeldLease, LeaseStore, Leases};
pub(crate) use resolve::{Task, resolve};
pub(crate) use runner::run;
pub(crate) use state::TaskStates;
pub use state::{Singleton, TaskState};
