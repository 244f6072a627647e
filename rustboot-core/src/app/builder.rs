//! Collects what an application is made of. No method opens anything or panics.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use figment::value::Value;

use super::assembly::IndicatorFactory;
use super::at_exit::AtExit;
use super::context::{Sections, read_section};
use super::secrets::SecretSources;
use super::services::Services;
use super::{AppInfo, Condition, ErasedModule, Module};
use crate::command::Command;
use crate::component::build::{MigrationReport, Preparation};
use crate::component::graph::{Node, Strength};
use crate::component::{AliasDef, ComponentKey, TypeIdMap, Wiring};
use crate::config::bind::{Binding, UnknownKey};
use crate::config::load::{CodeValue, Inputs};
use crate::config::reload::{ConfigListener, ReloadListener};
use crate::config::settings::Settings;
use crate::config::{Config, ConfigDef, Origin, Profile, Properties, Sources, load};
use crate::error::{Classifier, Error, ErrorKind, Result};
use crate::lifecycle::{BackgroundDef, Hook, Server};
use crate::management::{self, Endpoint};
use crate::report::Report;
use crate::schedule::TaskDef;
use crate::source::Location;

/// An application under construction.
///
/// Modules and the user's `main` see it, in turn. Its configuration can be read from the first moment on: files and
/// environment are loaded when somebody first asks.
pub struct AppBuilder {
    pub(super) info: AppInfo,
    pub(super) sources: Sources,
    pub(super) settings: Option<Settings>,
    pub(super) defaults: Vec<CodeValue>,
    pub(super) overrides: Vec<CodeValue>,
    /// Keys that count as not set, whatever sets them.
    pub(super) masked: Vec<String>,
    pub(super) report: Report,
    /// Whether a source of configuration could not be read.
    pub(super) unreadable: bool,
    pub(super) sections: Sections,
    pub(super) section_defs: Vec<ConfigDef>,
    pub(super) unknown: Vec<UnknownKey>,
    pub(super) modules: Vec<Arc<dyn ErasedModule>>,
    pub(super) current_module: String,
    pub(super) conditions: Vec<Condition>,
    pub(super) nodes: Vec<Node>,
    pub(super) aliases: Vec<AliasDef>,
    pub(super) wirings: Vec<Wiring>,
    /// What to warn of when nothing needs a component.
    pub(super) unused: Vec<(ComponentKey, String)>,
    pub(super) preparations: Vec<Preparation>,
    pub(super) migration_reports: Vec<MigrationReport>,
    pub(super) hooks: Vec<Hook>,
    pub(super) tasks: Vec<TaskDef>,
    pub(super) background: Vec<BackgroundDef>,
    pub(super) indicators: Vec<IndicatorFactory>,
    /// The names that are taken, as far as they are known before the start, and by whom.
    pub(super) health_names: Vec<(String, Location)>,
    pub(super) servers: Vec<Arc<dyn Server>>,
    pub(super) endpoints: Vec<Endpoint>,
    pub(super) commands: Vec<Command>,
    pub(super) classifiers: Vec<Classifier>,
    pub(super) config_listeners: Vec<ConfigListener>,
    pub(super) reload_listeners: Vec<ReloadListener>,
    pub(super) attachments: Sections,
    pub(super) extensions: TypeIdMap<Box<dyn Any + Send>>,
    pub(super) at_exit: AtExit,
    pub(super) with_inventory: bool,
    pub(super) secrets: SecretSources,
    pub(super) services: Services,
    /// How strong what is handed in by hand is at the moment.
    pub(super) strength: Strength,
    pub(super) began: Instant,
}

impl AppBuilder {
    /// An application without any module, configured by the process: its arguments, environment and working folder.
    pub fn new(info: AppInfo) -> Self {
        Self {
            info,
            sources: Sources::process(),
            settings: None,
            defaults: Vec::new(),
            overrides: Vec::new(),
            masked: Vec::new(),
            report: Report::default(),
            unreadable: false,
            sections: Sections::default(),
            section_defs: Vec::new(),
            unknown: Vec::new(),
            modules: Vec::new(),
            current_module: info.name.to_owned(),
            conditions: Vec::new(),
            nodes: Vec::new(),
            aliases: Vec::new(),
            wirings: Vec::new(),
            unused: Vec::new(),
            preparations: Vec::new(),
            migration_reports: Vec::new(),
            hooks: Vec::new(),
            tasks: Vec::new(),
            background: Vec::new(),
            indicators: Vec::new(),
            health_names: Vec::new(),
            servers: Vec::new(),
            endpoints: management::built_in(),
            commands: Vec::new(),
            classifiers: Vec::new(),
            config_listeners: Vec::new(),
            reload_listeners: Vec::new(),
            attachments: Sections::default(),
            extensions: TypeIdMap::default(),
            at_exit: AtExit::default(),
            with_inventory: true,
            secrets: SecretSources::default(),
            services: Services::default(),
            strength: Strength::Provided,
            began: Instant::now(),
        }
    }

    /// Says who the application is. `rustboot::app_info!()` fills in the crate's own name and version.
    pub fn info(&mut self, info: AppInfo) -> &mut Self {
        self.info = info;
        self
    }

    /// Who the application is.
    pub fn app_info(&self) -> &AppInfo {
        &self.info
    }

    /// Takes configuration from elsewhere than the process: for tests, and for several applications in one process. Has to
    /// come before anything reads the configuration.
    pub fn sources(&mut self, sources: Sources) -> &mut Self {
        self.sources = sources;
        self
    }

    /// Leaves out what the macros collected from the linked crates; only what is registered by hand counts.
    pub fn without_collected_items(&mut self) -> &mut Self {
        self.with_inventory = false;
        self
    }

    /// Adds an integration.
    pub fn module(&mut self, module: impl Module) -> &mut Self {
        self.modules.push(Arc::new(module));
        self
    }

    /// Sets a configuration value that everything else beats: a default of the application.
    #[track_caller]
    pub fn default_value(&mut self, key: &str, value: impl Into<Value>) -> &mut Self {
        let value = (
            key.to_owned(),
            value.into(),
            Origin::Code(Location::caller()),
        );
        if let Some(settings) = &mut self.settings {
            let name = format!("default of {key}");
            settings.push_below(load::code_layer(&name, std::slice::from_ref(&value)));
        }
        self.defaults.push(value);
        self
    }

    /// Sets a configuration value that beats everything else, the command line included: for tests.
    #[track_caller]
    pub fn override_value(&mut self, key: &str, value: impl Into<Value>) -> &mut Self {
        self.override_value_at(key, value, Location::caller())
    }

    /// The same for a value that was given somewhere else, which is then what its origin says.
    pub fn override_value_at(
        &mut self,
        key: &str,
        value: impl Into<Value>,
        location: Location,
    ) -> &mut Self {
        self.set_above_all(key.to_owned(), value.into(), Origin::Code(location));
        self
    }

    /// Takes a key, or all keys below one, out of the configuration, whatever files, variables and secrets say. Its default stays, and
    /// what is set in code. For test kits, which keep tests away from the database that a developer's files name.
    pub fn without_value(&mut self, key: &str) -> &mut Self {
        self.masked.push(key.to_owned());
        if let Some(settings) = &mut self.settings {
            settings.mask(key);
        }
        self
    }

    /// The profile it will run in.
    pub fn profile(&mut self) -> &Profile {
        &self.load().profile
    }

    /// The folder that relative paths of the configuration start from.
    pub fn base_dir(&self) -> &std::path::Path {
        &self.sources.base_dir
    }

    /// A variable of the environment that the application was given, for protocols of the platform such as systemd's. What
    /// configures the application comes through [`AppBuilder::config`].
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.sources.variable(name)
    }

    /// Whether the application is going to serve, and is not one of the commands that print something and end.
    pub fn is_serving(&self) -> bool {
        matches!(self.sources.arguments.words().first(), None | Some(&"run"))
    }

    /// A section of the configuration, bound now.
    ///
    /// # Errors
    /// When it is not valid. The problems are collected and reported with all others; pass the error on with `?`.
    pub fn config<T: Properties>(&mut self) -> Result<Config<T>> {
        self.bind(&ConfigDef::of::<T>());
        read_section(&self.sections).ok_or_else(|| {
            Error::new(
                ErrorKind::Configuration,
                format!("the configuration of [{}] is not valid", T::PREFIX),
            )
        })
    }

    /// Where the value of a key came from; `None` when nothing sets it.
    pub fn origin(&mut self, key: &str) -> Option<Origin> {
        self.load().origin(key)
    }

    /// Whether something sets a key, a default included.
    pub fn has_value(&mut self, key: &str) -> bool {
        self.load().find(key).is_some()
    }

    /// The names below a section, for modules whose keys are names: `[databases.NAME]`.
    pub fn names_below(&mut self, section: &str) -> Vec<String> {
        match self.load().find(section) {
            Some(Value::Dict(_, dict)) => dict.keys().cloned().collect(),
            _ => Vec::new(),
        }
    }

    /// State that a module keeps in the builder, made by `Default` when it is first asked for. Extension traits on
    /// `AppBuilder` put there what the user calls them with, and the module takes it out in `finish`.
    pub fn extension<T: Any + Send + Default>(&mut self) -> &mut T {
        let slot = self
            .extensions
            .entry(TypeId::of::<T>())
            .or_insert_with(|| Box::new(T::default()));
        if !slot.is::<T>() {
            *slot = Box::new(T::default());
        }
        match slot.downcast_mut::<T>() {
            Some(extension) => extension,
            // The slot was filled with a `T` two lines above.
            None => unreachable!("the slot of a type holds that type"),
        }
    }

    pub(super) fn load(&mut self) -> &mut Settings {
        if self.settings.is_none() {
            let settings = self.inputs().load(&mut self.report.configuration);
            self.unreadable = !self.report.configuration.is_empty();
            self.settings = Some(settings);
        }
        let Self { settings, info, .. } = self;
        settings.get_or_insert_with(|| {
            Settings::new(Profile::dev(), info.env_prefix.to_owned(), Vec::new())
        })
    }

    /// What the configuration is made from.
    pub(super) fn inputs(&self) -> Inputs {
        Inputs {
            sources: self.sources.clone(),
            env_prefix: self.info.env_prefix.to_owned(),
            defaults: self.defaults.clone(),
            overrides: self.overrides.clone(),
            masked: self.masked.clone(),
        }
    }

    pub(super) fn bind(&mut self, def: &ConfigDef) {
        let type_id = (def.type_id)();
        if self
            .section_defs
            .iter()
            .any(|bound| (bound.type_id)() == type_id)
        {
            return;
        }
        self.section_defs.push(*def);
        self.load();
        if self.unreadable {
            // Everything that is missing now would be a consequence.
            return;
        }
        self.load().learn(def);
        let Self {
            settings,
            report,
            secrets,
            unknown,
            sections,
            ..
        } = self;
        let Some(settings) = settings else { return };
        let mut binding = Binding {
            settings,
            def,
            problems: &mut report.configuration,
            awaited: &mut secrets.awaited,
            unknown,
        };
        if let Some(section) = (def.bind)(&mut binding) {
            sections.insert(type_id, section);
        }
    }
}

impl fmt::Debug for AppBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppBuilder")
            .field("info", &self.info)
            .field(
                "modules",
                &self.modules.iter().map(|m| m.name()).collect::<Vec<_>>(),
            )
            .finish_non_exhaustive()
    }
}
