//! The application of a crate, as data: what a test kit finds of `#[rustboot::app]`, whose `main` it does not run.

use super::{AppBuilder, AppInfo};
use crate::component::{BoxFuture, ComponentDef};
use crate::config::ConfigDef;
use crate::error::Result;
use crate::health::HealthDef;
use crate::lifecycle::{BackgroundDef, HookDef};
use crate::schedule::TaskDef;

/// The user's `main`, as far as it configures.
pub type Configure = for<'a> fn(&'a mut AppBuilder) -> BoxFuture<'a, Result<()>>;

/// An application that `#[rustboot::app]` declares. A program has one at most.
#[derive(Debug, Clone, Copy)]
pub struct AppDef {
    /// Who it is.
    pub info: &'static AppInfo,
    /// What its `main` does.
    pub configure: Configure,
}

inventory::collect!(AppDef);

impl AppDef {
    /// Those that are linked into this program.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        inventory::iter::<Self>.into_iter()
    }
}

/// Whether the macros collected anything from the linked crates: a component, a hook, a task, a check, a section, or an
/// application. Routes are collected elsewhere.
pub fn has_collected_items() -> bool {
    fn any<T: inventory::Collect>() -> bool {
        inventory::iter::<T>.into_iter().next().is_some()
    }
    any::<AppDef>()
        || any::<ComponentDef>()
        || any::<HookDef>()
        || any::<TaskDef>()
        || any::<BackgroundDef>()
        || any::<HealthDef>()
        || any::<ConfigDef>()
}
