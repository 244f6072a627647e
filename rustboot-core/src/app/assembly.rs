//! An application that has been checked and not been started.

use std::fmt;
use std::sync::Arc;

use super::AppContext;
use crate::command::Command;
use crate::component::Resolver;
use crate::component::build::{MigrationReport, Preparation};
use crate::component::graph::Plan;
use crate::config::{Arguments, Config};
use crate::error::Result;
use crate::health::{HealthConfig, HealthIndicator};
use crate::lifecycle::start::Phases;
use crate::lifecycle::{BackgroundDef, Hook, LifecycleConfig, Server, start};
use crate::report::Problem;
use crate::schedule::Task;

use super::RunningApp;

/// Makes health indicators once the components are there. None when there is nothing to look at.
pub(crate) type IndicatorFactory =
    Arc<dyn Fn(&Resolver<'_>) -> Result<Option<Arc<dyn HealthIndicator>>> + Send + Sync>;

/// Everything that is needed to start: configuration bound, wiring checked, nothing opened. Commands work on it.
pub struct Assembly {
    pub(crate) context: AppContext,
    pub(crate) arguments: Arguments,
    pub(crate) plan: Plan,
    pub(crate) preparations: Vec<Preparation>,
    pub(crate) migration_reports: Vec<MigrationReport>,
    pub(crate) hooks: Vec<Hook>,
    pub(crate) tasks: Vec<Task>,
    pub(crate) background: Vec<BackgroundDef>,
    pub(crate) indicators: Vec<IndicatorFactory>,
    pub(crate) servers: Vec<Arc<dyn Server>>,
    pub(crate) commands: Vec<Command>,
    pub(crate) lifecycle: Config<LifecycleConfig>,
    pub(crate) health: Config<HealthConfig>,
    /// Whether changed files are noticed.
    pub(crate) watch: bool,
    pub(crate) warnings: Vec<String>,
    /// Keys that are missing, unless a secret source has them that was not asked.
    pub(crate) awaited: Vec<Problem>,
    pub(crate) phases: Phases,
}

impl Assembly {
    /// The application.
    pub fn context(&self) -> &AppContext {
        &self.context
    }

    /// The command line.
    pub fn arguments(&self) -> &Arguments {
        &self.arguments
    }

    /// Things that are odd and no errors.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Starts it.
    ///
    /// # Errors
    /// When a component, a start hook or a listener fails. What was up is taken down again before this returns.
    pub async fn start(self) -> Result<RunningApp> {
        start::start(self).await
    }
}

impl fmt::Debug for Assembly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assembly")
            .field("context", &self.context)
            .field("plan", &self.plan)
            .field("hooks", &self.hooks)
            .finish_non_exhaustive()
    }
}
