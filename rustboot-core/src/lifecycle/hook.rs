//! Functions that run once, after the components are there or before they go. `#[on_start]` and `#[on_stop]` write them.

use std::fmt;
use std::sync::Arc;

use crate::component::{BoxFuture, Components, Dependency, Resolver, Wiring};
use crate::error::Result;
use crate::source::Location;

/// When a hook runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HookPhase {
    /// After migrations and health, before the port is bound. A failure ends the start.
    Start,
    /// After the last request and the last task, before the components go. All of them run, whatever fails.
    Stop,
    /// After every stop hook: pools close here. For modules.
    Close,
    /// The very last: telemetry is flushed here. For modules.
    Flush,
}

/// A hook.
///
/// Start hooks run one after the other, in the order in which what they need was built; stop hooks the other way round, so
/// that a hook always finds its components as they were. Equal ones are ordered by file and line.
#[derive(Debug, Clone, Copy)]
pub struct HookDef {
    /// The function's name.
    pub name: &'static str,
    /// When it runs.
    pub phase: HookPhase,
    /// Where the user wrote it.
    pub location: Location,
    /// What it needs.
    pub dependencies: fn() -> Vec<Dependency>,
    /// The call.
    pub call: fn(&Resolver<'_>) -> Result<BoxFuture<'static, Result<()>>>,
}

inventory::collect!(HookDef);

/// Resolves its arguments and gives the future of one call.
pub(crate) type Call =
    Arc<dyn Fn(&Resolver<'_>) -> Result<BoxFuture<'static, Result<()>>> + Send + Sync>;

/// A hook that may carry data with it.
#[derive(Clone)]
pub(crate) struct Hook {
    pub(crate) name: String,
    pub(crate) phase: HookPhase,
    pub(crate) location: Location,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) call: Call,
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hook({:?} {} {})", self.phase, self.name, self.location)
    }
}

impl From<&HookDef> for Hook {
    fn from(def: &HookDef) -> Self {
        Self {
            name: def.name.to_owned(),
            phase: def.phase,
            location: def.location,
            dependencies: (def.dependencies)(),
            call: Arc::new(def.call),
        }
    }
}

impl Hook {
    pub(crate) fn wiring(&self) -> Wiring {
        let attribute = match self.phase {
            HookPhase::Start => "#[on_start]",
            HookPhase::Stop => "#[on_stop]",
            HookPhase::Close | HookPhase::Flush => "hook",
        };
        Wiring {
            consumer: format!("{attribute} `{}`", self.name),
            location: self.location,
            dependencies: self.dependencies.clone(),
        }
    }
}

/// The hooks of a phase, in the order in which they run.
pub(crate) fn in_order<'a>(
    hooks: &'a [Hook],
    phase: HookPhase,
    components: &Components,
) -> Vec<&'a Hook> {
    let mut hooks: Vec<&Hook> = hooks.iter().filter(|hook| hook.phase == phase).collect();
    hooks.sort_by_key(|hook| {
        let latest = hook
            .dependencies
            .iter()
            .filter_map(|dependency| components.rank(dependency))
            .max();
        (latest, hook.location, hook.name.clone())
    });
    if phase != HookPhase::Start {
        hooks.reverse();
    }
    hooks
}
