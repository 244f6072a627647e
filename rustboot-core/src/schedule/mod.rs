//! Tasks that run again and again while the application does.
//!
//! A task never overlaps itself: the next run starts after the last one ended. When the application stops, no new run
//! starts, and a run that is under way may finish within the limit of the step. What it will not do: run a task at the same
//! time on one replica only; that needs a lock, which rustboot-data has.

mod def;
mod runner;

pub use def::{TaskDef, Trigger};
pub use runner::TaskState;
pub(crate) use runner::{TaskStates, run};
