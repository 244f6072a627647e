//! Tasks that run again and again while the application does.
//!
//! A definition is [`TaskDef`]. When the application is assembled, `resolve` reads what it leaves to the configuration and
//! checks the rest; `rhythm` knows when the next run is due, `slots` whether it may begin then, `runner` runs it, and
//! `state` remembers how it went.
//!
//! When the application stops, no new run starts, and a run that is under way may finish within the limit of the step. What
//! it will not do: run a task on one replica only; that needs a lock, which rustboot-data has.

mod clock;
#[cfg(feature = "cron")]
mod cron;
mod def;
mod reference;
mod resolve;
mod rhythm;
mod runner;
mod slots;
mod state;
#[cfg(test)]
mod tests;

pub use def::{Overlap, Period, TaskDef, TaskOptions, Trigger};
pub(crate) use resolve::{Task, resolve};
pub(crate) use runner::run;
pub use state::TaskState;
pub(crate) use state::TaskStates;
