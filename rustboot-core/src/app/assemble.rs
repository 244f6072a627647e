//! From a builder to an assembly: everything is checked, and every problem is in one report.

use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwap;

use super::builder::AppBuilder;
use super::context::{AppContext, Parts};
use super::{Assembly, Condition, StartError};
use crate::component::graph::{self, Node};
use crate::component::{AliasDef, ComponentDef, ComponentKey, Wiring};
use crate::config::ConfigDef;
use crate::config::reload::{self, ReloadConfig};
use crate::error::{ErrorKind, Result};
use crate::health::{self, HealthConfig, HealthDef};
use crate::lifecycle::background;
use crate::lifecycle::start::Phases;
use crate::lifecycle::{BackgroundDef, Hook, HookDef, LifecycleConfig, StopRequest};
use crate::report::Problem;
use crate::schedule::{self, Leases, ScheduleConfig, TaskDef};

impl AppBuilder {
    /// Loads the configuration, configures the modules, and checks everything that can be checked without opening
    /// anything.
    ///
    /// # Errors
    /// The report of all problems, or the error of a module that could not be configured.
    pub async fn assemble(self) -> std::result::Result<Assembly, StartError> {
        self.assemble_for(Arc::default()).await
    }

    pub(super) async fn assemble_for(
        mut self,
        stop: Arc<StopRequest>,
    ) -> std::result::Result<Assembly, StartError> {
        let mut phases = Phases::default();
        let at = Instant::now();
        self.load();
        if self.unreadable {
            return Err(self.into_report());
        }
        self.gather_secrets().await?;
        phases.record("configuration", at.elapsed());

        let at = Instant::now();
        if let Err(error) = self.configure_modules().await {
            return Err(self.unreachable_sources().unwrap_or(error.into()));
        }
        phases.record("modules", at.elapsed());

        // After the modules: a source of secrets may have come with one of them.
        let at = Instant::now();
        let lifecycle = self.config::<LifecycleConfig>();
        let health = self.config::<HealthConfig>();
        let reload = self.config::<ReloadConfig>();
        // Reported with everything else when it is not valid.
        let _schedule = self.config::<ScheduleConfig>();
        if self.with_inventory {
            for def in inventory::iter::<ConfigDef> {
                self.bind(def);
            }
        }
        phases.record("configuration", at.elapsed());

        let at = Instant::now();
        self.collect_items();
        self.built_in_health();
        self.singletons_without_leases();
        let tasks = self.resolve_tasks();
        self.check_configuration();
        let plan = self.check_wiring();
        phases.record("modules", at.elapsed());
        if let Some(error) = self.unreachable_sources() {
            return Err(error);
        }
        if let Some(plan) = &plan {
            self.provide_services(plan, &mut phases).await;
        }

        let (Ok(lifecycle), Ok(health), Ok(reload), Some(plan), true) =
            (lifecycle, health, reload, plan, self.report.is_empty())
        else {
            return Err(self.into_report());
        };
        let Some(mut settings) = self.settings.take() else {
            return Err(self.into_report());
        };
        let warnings = std::mem::take(&mut settings.warnings);
        for warning in &warnings {
            tracing::warn!(target: "rustboot", "{warning}");
        }

        let commands = self.known_commands();
        let inputs = self.inputs();
        let context = AppContext::new(Parts {
            info: self.info,
            profile: settings.profile.clone(),
            settings: ArcSwap::from_pointee(settings),
            inputs,
            config_listeners: self.config_listeners,
            reload_listeners: self.reload_listeners,
            secret_sources: self.secrets.all,
            task_defs: self.tasks,
            sections: self.sections,
            section_defs: self.section_defs,
            conditions: self.conditions,
            endpoints: self.endpoints,
            attachments: self.attachments,
            classifiers: self.classifiers,
            _providers: self.services.into_providers(),
            stop,
            show_details: health.show_details,
            began: self.began,
        });
        Ok(Assembly {
            context,
            arguments: self.sources.arguments,
            plan,
            preparations: self.preparations,
            migration_reports: self.migration_reports,
            hooks: self.hooks,
            tasks,
            background: self.background,
            indicators: self.indicators,
            servers: self.servers,
            commands,
            lifecycle,
            health,
            watch: reload.watch,
            warnings,
            awaited: self.secrets.awaited,
            phases,
        })
    }

    /// Modules may add modules, so this walks by index.
    async fn configure_modules(&mut self) -> Result<()> {
        let mut index = 0;
        while let Some(module) = self.modules.get(index).cloned() {
            index += 1;
            // It may have come with another one, just now.
            self.gather_secrets().await?;
            self.current_module = module.name().to_owned();
            let configured = module.configure(self).await;
            self.forgive_reported(configured, module.name())?;
            self.gather_secrets().await?;
        }
        for module in self.modules.clone() {
            self.current_module = module.name().to_owned();
            let finished = module.finish(self);
            self.forgive_reported(finished, module.name())?;
        }
        Ok(())
    }

    /// A module that passes on a problem of its configuration is in the report already; the others still have their say.
    pub(super) fn forgive_reported(&mut self, outcome: Result<()>, module: &str) -> Result<()> {
        match outcome {
            Err(_) if self.secrets.has_unreachable() => Ok(()),
            Err(error) if error.kind() == ErrorKind::Configuration && !self.report.is_empty() => {
                Ok(())
            }
            Err(error) if self.is_awaiting(&error) => {
                self.skipped(module);
                Ok(())
            }
            outcome => outcome.map_err(|error| {
                error.context(format!("the module {module} could not be configured"))
            }),
        }
    }

    fn collect_items(&mut self) {
        if !self.with_inventory {
            return;
        }
        self.nodes
            .extend(inventory::iter::<ComponentDef>.into_iter().map(Node::from));
        self.aliases
            .extend(inventory::iter::<AliasDef>.into_iter().copied());
        for def in inventory::iter::<HealthDef> {
            self.health_check(*def);
        }
        self.hooks
            .extend(inventory::iter::<HookDef>.into_iter().map(Hook::from));
        self.tasks
            .extend(inventory::iter::<TaskDef>.into_iter().copied());
        self.tasks.sort_by_key(|task| (task.name, task.location));
        self.background
            .extend(inventory::iter::<BackgroundDef>.into_iter().copied());
        self.background
            .sort_by_key(|task| (task.name, task.location));
    }

    /// Says it where nobody can tell replicas apart: then each of them runs what was meant for one.
    fn singletons_without_leases(&mut self) {
        let key = ComponentKey::of::<Leases>();
        let names: Vec<&str> = self
            .tasks
            .iter()
            .filter(|task| task.is_singleton())
            .map(|task| task.name)
            .collect();
        if names.is_empty() || self.nodes.iter().any(|node| node.key == key) {
            return;
        }
        let names = names.join(", ");
        self.conditions.push(Condition {
            module: "schedule".to_owned(),
            active: true,
            reason: format!("{names}: in this process, as if it were the only replica, since nobody keeps leases for all of them (Redis, PostgreSQL)"),
        });
    }

    fn resolve_tasks(&mut self) -> Vec<schedule::Task> {
        let Some(settings) = &mut self.settings else {
            return Vec::new();
        };
        let resolved = schedule::resolve(&self.tasks, settings);
        settings.read_alone.extend(resolved.keys);
        let problems = resolved.problems;
        for problem in problems.configuration {
            self.blame(problem);
        }
        self.report.wiring.extend(problems.wiring);
        resolved.tasks
    }

    fn check_configuration(&mut self) {
        if let Some(settings) = &mut self.settings {
            reload::verify(
                settings,
                &self.unknown,
                &self.section_defs,
                &mut self.report.configuration,
            );
        }
    }

    fn check_wiring(&mut self) -> Option<graph::Plan> {
        let mut consumers: Vec<Wiring> = std::mem::take(&mut self.wirings);
        consumers.extend(self.hooks.iter().map(Hook::wiring));
        consumers.extend(self.tasks.iter().map(TaskDef::wiring));
        consumers.extend(self.background.iter().map(BackgroundDef::wiring));
        background::check_names(&self.background, &mut self.report.wiring);
        let health_names = std::mem::take(&mut self.health_names);
        self.report.wiring.extend(health::duplicates(health_names));
        match graph::plan(std::mem::take(&mut self.nodes), &self.aliases, &consumers) {
            Ok(plan) => {
                for node in &plan.nodes {
                    if let Some(problem) = &node.unavailable
                        && !self.is_explained(problem)
                    {
                        self.blame(problem.clone());
                    }
                }
                for (key, warning) in std::mem::take(&mut self.unused) {
                    if !plan.nodes.iter().any(|node| node.key == key) {
                        self.config_warning(warning);
                    }
                }
                Some(plan)
            }
            Err(problems) => {
                self.report.wiring.extend(problems);
                None
            }
        }
    }

    /// Whether a problem of the section that a component needs is in the report already: that it is not there follows from it.
    fn is_explained(&self, problem: &Problem) -> bool {
        let in_section = |known: &Problem| {
            let key = known.subject.strip_prefix(&problem.subject);
            key.is_some_and(|rest| rest.starts_with('.'))
        };
        self.report.configuration.iter().any(in_section)
    }

    fn into_report(mut self) -> StartError {
        self.report.sort();
        StartError::Report(self.report)
    }
}
