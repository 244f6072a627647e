//! What an application is made of, as modules and users register it with the builder.

use std::any::TypeId;
use std::sync::Arc;

use super::builder::AppBuilder;
use super::{AppContext, Condition};
use crate::command::{self, Command};
use crate::component::build::{MigrationReport, MigrationStatus, Preparation};
use crate::component::graph::{Node, Strength};
use crate::component::{BoxFuture, ComponentKey, Dependency, Instance, Resolver, Wiring};
use crate::config::Arguments;
use crate::config::ConfigChange;
use crate::error::{Classifier, Result};
use crate::lifecycle::{BackgroundDef, Hook, HookPhase, Server};
use crate::management::{Endpoint, Exposure};
use crate::report::Problem;
use crate::schedule::TaskDef;
use crate::source::Location;

impl AppBuilder {
    /// Declares a component that is there unless the user brings one of that type, and built only when somebody needs it.
    #[track_caller]
    pub fn fallback_component<F>(
        &mut self,
        key: ComponentKey,
        dependencies: Vec<Dependency>,
        factory: F,
    ) -> &mut Self
    where
        F: Fn(&Resolver<'_>) -> Result<BoxFuture<'static, Result<Instance>>>
            + Send
            + Sync
            + 'static,
    {
        self.nodes.push(Node {
            key,
            location: Location::caller(),
            dependencies,
            strength: Strength::Fallback,
            eager: false,
            unavailable: None,
            factory: Arc::new(factory),
        });
        self
    }

    /// Builds a fallback component even when nobody needs it: because it is configured.
    pub fn require(&mut self, key: ComponentKey) -> &mut Self {
        for node in self.nodes.iter_mut().filter(|node| node.key == key) {
            node.eager = true;
        }
        self
    }

    /// Says that a fallback component cannot be built as things are configured. That is a problem only when something needs
    /// it, and is then reported with all others, before anything is opened.
    pub fn unavailable(&mut self, key: ComponentKey, problem: Problem) -> &mut Self {
        for node in self.nodes.iter_mut().filter(|node| node.key == key) {
            node.unavailable = Some(problem.clone());
        }
        self
    }

    /// Says that a fallback component is configured, and that nothing needing it is probably a mistake: a warning then, as
    /// [`AppBuilder::config_warning`] gives one.
    pub fn warn_if_unused(&mut self, key: ComponentKey, warning: impl Into<String>) -> &mut Self {
        self.unused.push((key, warning.into()));
        self
    }

    /// Says that something needs components, so that it is checked with everything else.
    pub fn wiring(&mut self, wiring: Wiring) -> &mut Self {
        self.wirings.push(wiring);
        self
    }

    /// Adds something that has to be done to a component before anybody may use it: migrations.
    pub fn prepare<F, Fut>(&mut self, key: ComponentKey, run: F) -> &mut Self
    where
        F: Fn(Instance) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<()>> + Send + 'static,
    {
        self.preparations.push(Preparation {
            key,
            run: Arc::new(move |instance| Box::pin(run(instance))),
        });
        self
    }

    /// Says how to find out which migrations of a component are applied, without changing anything: for `app migrate status`.
    pub fn migration_status<F, Fut>(&mut self, key: ComponentKey, run: F) -> &mut Self
    where
        F: Fn(Instance) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Vec<MigrationStatus>>> + Send + 'static,
    {
        self.migration_reports.push(MigrationReport {
            key,
            run: Arc::new(move |instance| Box::pin(run(instance))),
        });
        self
    }

    /// Adds a hook.
    #[track_caller]
    pub fn hook<F, Fut>(
        &mut self,
        phase: HookPhase,
        name: &str,
        dependencies: Vec<Dependency>,
        call: F,
    ) -> &mut Self
    where
        F: Fn(&Resolver<'_>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<()>> + Send + 'static,
    {
        self.hooks.push(Hook {
            name: name.to_owned(),
            phase,
            location: Location::caller(),
            dependencies,
            call: Arc::new(move |resolver| Ok(Box::pin(call(resolver)))),
        });
        self
    }

    /// Adds a scheduled task.
    pub fn task(&mut self, task: TaskDef) -> &mut Self {
        self.tasks.push(task);
        self
    }

    /// Adds a background task, which runs from the start to the stop.
    pub fn background(&mut self, task: BackgroundDef) -> &mut Self {
        self.background.push(task);
        self
    }

    /// Adds a server.
    pub fn server(&mut self, server: impl Server) -> &mut Self {
        self.servers.push(Arc::new(server));
        self
    }

    /// Adds a management endpoint.
    pub fn endpoint(&mut self, endpoint: Endpoint) -> &mut Self {
        self.endpoints.push(endpoint);
        self
    }

    /// The paths of the management endpoints so far, and who may see each.
    pub fn endpoint_paths(&self) -> Vec<(&'static str, Exposure)> {
        self.endpoints
            .iter()
            .map(|endpoint| (endpoint.path, endpoint.exposure))
            .collect()
    }

    /// Hands the running application something that is no component: what one module has to tell another at run time
    /// ([`AppContext::attachment`](super::AppContext::attachment)). One of each type.
    pub fn attach<T: Send + Sync + 'static>(&mut self, value: T) -> &mut Self {
        self.attachments.insert(TypeId::of::<T>(), Arc::new(value));
        self
    }

    /// Whether the items that the macros collected from the linked crates belong to this application.
    pub fn collects_items(&self) -> bool {
        self.with_inventory
    }

    /// Every command that is known so far: ours, those of the modules, and those added by hand.
    pub(crate) fn known_commands(&self) -> Vec<Command> {
        let mut commands = command::built_in();
        commands.extend(self.modules.iter().flat_map(|module| module.commands()));
        commands.extend(self.commands.iter().copied());
        commands
    }

    /// The command line.
    pub(crate) fn arguments(&self) -> &Arguments {
        &self.sources.arguments
    }

    /// Calls a function right before the process ends, after a stop and after a start that failed: for what has been said
    /// and is not out yet. It blocks the end, so it must have a limit. Only a process ([`run`](super::run)) calls it; in an
    /// embedded application the stop sequence is all there is.
    pub fn at_exit(&mut self, last: impl Fn() + Send + 'static) -> &mut Self {
        self.at_exit.add(last);
        self
    }

    /// Adds a command.
    pub fn command(&mut self, command: Command) -> &mut Self {
        self.commands.push(command);
        self
    }

    /// Adds somebody who knows what the errors of a library mean.
    pub fn classify(&mut self, classifier: Classifier) -> &mut Self {
        self.classifiers.push(classifier);
        self
    }

    /// Calls a function after each live reload that changed something, with what changed. It must not block.
    pub fn on_config_change(
        &mut self,
        listener: impl Fn(&AppContext, &ConfigChange) + Send + Sync + 'static,
    ) -> &mut Self {
        self.config_listeners.push(Arc::new(listener));
        self
    }

    /// Calls a function after each live reload that was valid, whether or not a key changed: for files that the
    /// configuration only names, such as certificates. It must not block.
    pub fn on_reload(
        &mut self,
        listener: impl Fn(&AppContext) + Send + Sync + 'static,
    ) -> &mut Self {
        self.reload_listeners.push(Arc::new(listener));
        self
    }

    /// Adds something that is odd and no error: `app check` lists it, and the log of the start has it.
    pub fn config_warning(&mut self, text: impl Into<String>) -> &mut Self {
        self.load().warnings.push(text.into());
        self
    }

    /// Adds a problem of the configuration: a key, a sentence, and what to do. Where the key was set is added.
    pub fn config_problem(&mut self, key: &str, message: &str, help: &str) -> &mut Self {
        let mut problem = Problem::new(key, message);
        if let Some(origin) = self.load().origin(key) {
            problem = problem.note(origin.sentence());
        }
        self.blame(problem.note(format!("help: {help}")));
        self
    }

    /// Adds a problem of the wiring, to be reported with all others.
    pub fn problem(&mut self, problem: Problem) -> &mut Self {
        self.report.wiring.push(problem);
        self
    }

    /// Says that the module being configured is active, and why.
    pub fn active(&mut self, reason: impl Into<String>) -> &mut Self {
        self.condition(true, reason.into())
    }

    /// Says that the module being configured does nothing, and why.
    pub fn inactive(&mut self, reason: impl Into<String>) -> &mut Self {
        self.condition(false, reason.into())
    }

    fn condition(&mut self, active: bool, reason: String) -> &mut Self {
        self.conditions.push(Condition {
            module: self.current_module.clone(),
            active,
            reason,
        });
        self
    }
}
