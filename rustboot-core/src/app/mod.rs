//! An application: built, checked, started, stopped.
//!
//! [`AppBuilder`] collects what the modules and the user bring; nothing in it opens anything. [`AppBuilder::assemble`] loads
//! the configuration, lets the modules configure themselves and checks all of it together; the result is an [`Assembly`],
//! or a [`Report`](crate::report::Report) with every problem. A command then does with the assembly what it is for:
//! `run` starts it, `check` only looks.

mod assemble;
mod assembly;
mod at_exit;
mod builder;
mod context;
mod def;
mod health;
mod info;
mod module;
mod provide;
mod register;
mod run;
mod running;
mod secrets;
mod services;
#[cfg(test)]
mod tests;

pub use crate::component::build::MigrationStatus;
pub use assembly::Assembly;
pub(crate) use assembly::IndicatorFactory;
pub use builder::AppBuilder;
pub use context::AppContext;
pub(crate) use context::{Startup, WeakAppContext};
pub use def::{AppDef, Configure, has_collected_items};
pub use info::{AppInfo, Resource};
pub(crate) use module::ErasedModule;
pub use module::{Condition, Module};
pub use run::{StartError, run};
pub(crate) use run::{note, print};
pub use running::{AppHandle, RunningApp};
pub(crate) use services::ErasedProvider;
pub use services::{ProvidedService, ServiceNeed, ServiceProvider};
