//! The application while it runs: one pointer to everything that the parts may ask for.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use jiff::Timestamp;

use super::{AppHandle, AppInfo, Condition, ErasedProvider};
use crate::component::build::Timing;
use crate::component::{Components, Resolver};
use crate::config::load::Inputs;
use crate::config::reload::{ConfigListener, ReloadListener};
use crate::config::secret_source::ErasedSource;
use crate::config::settings::Settings;
use crate::config::{Config, ConfigChange, ConfigDef, Profile, Properties};
use crate::error::{Classified, Classifier, Error, Result};
use crate::health::{ComponentHealth, HealthRegistry, HealthReport, Readiness};
use crate::lifecycle::start::Phases;
use crate::lifecycle::{
    Availability, Ending, Phase, Restart, Shutdown, StopReason, StopRequest, Tasks,
};
use crate::management::Endpoint;
use crate::report::Report;
use crate::schedule::{TaskDef, TaskStates};

pub(crate) type Sections = crate::component::TypeIdMap<Arc<dyn Any + Send + Sync>>;

/// A handle to the running application. Cloning copies a pointer; nothing in it takes a lock on the way of a request.
#[derive(Clone)]
pub struct AppContext(Arc<Inner>);

/// The same without keeping the application alive: for what the application itself holds.
#[derive(Clone)]
pub(crate) struct WeakAppContext(Weak<Inner>);

impl WeakAppContext {
    /// The application, while it is there.
    pub(crate) fn upgrade(&self) -> Option<AppContext> {
        self.0.upgrade().map(AppContext)
    }
}

struct Inner {
    parts: Parts,
    components: OnceLock<Components>,
    health: OnceLock<HealthRegistry>,
    startup: OnceLock<Startup>,
    availability: Availability,
    shutdown: Shutdown,
    tasks: Tasks,
    task_states: TaskStates,
    started_at: Timestamp,
}

/// What is known once everything has been checked.
pub(crate) struct Parts {
    pub(crate) info: AppInfo,
    pub(crate) profile: Profile,
    pub(crate) settings: ArcSwap<Settings>,
    pub(crate) inputs: Inputs,
    pub(crate) config_listeners: Vec<ConfigListener>,
    pub(crate) reload_listeners: Vec<ReloadListener>,
    pub(crate) secret_sources: Vec<Arc<dyn ErasedSource>>,
    pub(crate) task_defs: Vec<TaskDef>,
    pub(crate) sections: Sections,
    pub(crate) section_defs: Vec<ConfigDef>,
    pub(crate) conditions: Vec<Condition>,
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) attachments: Sections,
    pub(crate) classifiers: Vec<Classifier>,
    /// Never asked again; they hold what they started.
    pub(crate) _providers: Vec<Arc<dyn ErasedProvider>>,
    pub(crate) stop: Arc<StopRequest>,
    pub(crate) show_details: bool,
    pub(crate) began: Instant,
}

/// How long the start took.
#[derive(Debug)]
pub(crate) struct Startup {
    pub(crate) phases: Phases,
    pub(crate) components: Vec<Timing>,
    pub(crate) total: Duration,
}

/// Before the components are there, and when their construction failed.
static NO_COMPONENTS: OnceLock<Components> = OnceLock::new();

impl AppContext {
    pub(crate) fn new(parts: Parts) -> Self {
        let availability = Availability::default();
        availability.set(Phase::Starting);
        Self(Arc::new(Inner {
            parts,
            components: OnceLock::new(),
            health: OnceLock::new(),
            startup: OnceLock::new(),
            availability,
            shutdown: Shutdown::default(),
            tasks: Tasks::default(),
            task_states: TaskStates::default(),
            started_at: Timestamp::now(),
        }))
    }

    /// Name, version and origin.
    pub fn info(&self) -> &AppInfo {
        &self.0.parts.info
    }

    /// The profile it runs in.
    pub fn profile(&self) -> &Profile {
        &self.0.parts.profile
    }

    /// When it was started.
    pub fn started_at(&self) -> Timestamp {
        self.0.started_at
    }

    /// What this replica is called, for people: `host:process`.
    pub(crate) fn replica(&self) -> String {
        let host = self.0.parts.inputs.sources.variable("HOSTNAME");
        // In a container, that is the name of the pod or the container.
        let host = host.map_or_else(
            || std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default(),
            ToOwned::to_owned,
        );
        let host = match host.trim() {
            "" => "localhost",
            host => host,
        };
        format!("{host}:{}", std::process::id())
    }

    /// For how long it has been there, counted from the begin of its configuration.
    pub fn uptime(&self) -> Duration {
        self.0.parts.began.elapsed()
    }

    /// A section of the configuration; `None` when nothing bound it.
    pub fn config<T: Properties>(&self) -> Option<Config<T>> {
        read_section(&self.0.parts.sections)
    }

    /// A component by its type; `None` when there is none.
    pub fn component<T: ?Sized + Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.components().get(None)
    }

    /// All components. Empty until they have been built.
    pub fn components(&self) -> &Components {
        self.0
            .components
            .get()
            .unwrap_or_else(|| NO_COMPONENTS.get_or_init(Components::default))
    }

    /// Finds the arguments of factories, hooks and tasks.
    pub fn resolver(&self) -> Resolver<'_> {
        Resolver::new(self, self.components())
    }

    /// For handlers that have to end when the application stops.
    pub fn shutdown(&self) -> &Shutdown {
        &self.0.shutdown
    }

    /// Reads the configuration again. A valid one takes effect at once, for every [`Config`]; an invalid one changes nothing
    /// and is the error. What needs a restart is in the log, and in what comes back.
    ///
    /// # Errors
    /// The report, when the new configuration is not valid. It is in the log as well.
    pub async fn reload_config(&self) -> std::result::Result<ConfigChange, Report> {
        crate::config::reload::reload(self).await
    }

    /// For stopping it.
    pub fn handle(&self) -> AppHandle {
        AppHandle::new(Arc::clone(&self.0.parts.stop))
    }

    /// Runs a background task under supervision: `make` gives the future of each run.
    ///
    /// The stop sequence drops the task at its next await and waits for it; a `#[task]` that takes a [`Shutdown`] has time
    /// to finish. A panic counts as a failure.
    pub fn spawn<F, Fut>(&self, name: impl Into<String>, restart: Restart, make: F)
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<()>> + Send + 'static,
    {
        self.supervise(name.into(), restart, Ending::Dropped, make);
    }

    pub(crate) fn supervise<F, Fut>(&self, name: String, restart: Restart, ending: Ending, make: F)
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<()>> + Send + 'static,
    {
        let stop = Arc::clone(&self.0.parts.stop);
        let failed = name.clone();
        let failed = move || stop.request(StopReason::TaskFailed(failed));
        self.0.tasks.supervise(name, restart, ending, make, failed);
    }

    /// How everything is.
    pub async fn health_report(&self) -> HealthReport {
        match self.0.health.get() {
            Some(health) => health.report().await,
            None => HealthRegistry::default().report().await,
        }
    }

    /// How one component is; `None` when there is no check of that name.
    pub async fn component_health(&self, name: &str) -> Option<ComponentHealth> {
        self.0.health.get()?.component(name).await
    }

    /// Whether requests may come.
    pub async fn readiness(&self) -> Readiness {
        match self.0.availability.get() {
            Phase::Starting => Readiness::NotReady("starting".to_owned()),
            Phase::Draining => Readiness::NotReady("draining".to_owned()),
            Phase::Ready => match self.0.health.get() {
                Some(health) => match health.first_critical_down().await {
                    Some(name) => Readiness::NotReady(format!("{name} is down")),
                    None => Readiness::Ready,
                },
                None => Readiness::Ready,
            },
        }
    }

    /// Whether it is stopping: readiness is off.
    pub fn is_draining(&self) -> bool {
        self.0.availability.get() == Phase::Draining
    }

    /// Which modules are active, and why.
    pub fn conditions(&self) -> &[Condition] {
        &self.0.parts.conditions
    }

    /// What an error that came through `?` means, when a module knows the library that it came from. `None` also for one
    /// whose kind somebody chose.
    pub fn classify(&self, error: &Error) -> Option<Classified> {
        if !error.is_unclassified() {
            return None;
        }
        self.0
            .parts
            .classifiers
            .iter()
            .find_map(|classify| classify(error))
    }

    /// What a module attached for others ([`AppBuilder::attach`](super::AppBuilder::attach)).
    pub fn attachment<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        Arc::clone(self.0.parts.attachments.get(&TypeId::of::<T>())?)
            .downcast()
            .ok()
    }

    /// The management endpoints.
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.0.parts.endpoints
    }

    /// Whether the main listener shows details of health.
    pub fn shows_details(&self) -> bool {
        self.0.parts.show_details
    }

    pub(crate) fn settings(&self) -> Arc<Settings> {
        self.0.parts.settings.load_full()
    }

    pub(crate) fn parts(&self) -> &Parts {
        &self.0.parts
    }

    pub(crate) fn sections(&self) -> &[ConfigDef] {
        &self.0.parts.section_defs
    }

    pub(crate) fn downgrade(&self) -> WeakAppContext {
        WeakAppContext(Arc::downgrade(&self.0))
    }

    pub(crate) fn set_components(&self, components: Components) {
        // Set once, by the start sequence.
        let _first = self.0.components.set(components);
    }

    pub(crate) fn set_health(&self, health: HealthRegistry) {
        let _first = self.0.health.set(health);
    }

    pub(crate) fn set_startup(&self, startup: Startup) {
        let _first = self.0.startup.set(startup);
    }

    /// How long the start took, once it is over.
    pub(crate) fn startup(&self) -> Option<&Startup> {
        self.0.startup.get()
    }

    pub(crate) fn availability(&self) -> &Availability {
        &self.0.availability
    }

    /// A variable of the environment that the application was given.
    #[cfg(all(feature = "systemd", unix))]
    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        self.0.parts.inputs.sources.variable(name)
    }

    pub(crate) fn stop_request(&self) -> &Arc<StopRequest> {
        &self.0.parts.stop
    }

    pub(crate) fn tasks(&self) -> &Tasks {
        &self.0.tasks
    }

    pub(crate) fn task_states(&self) -> &TaskStates {
        &self.0.task_states
    }
}

impl fmt::Debug for AppContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "AppContext({} {})",
            self.info().name,
            self.info().version
        )
    }
}

pub(crate) fn read_section<T: Properties>(sections: &Sections) -> Option<Config<T>> {
    sections
        .get(&TypeId::of::<T>())?
        .downcast_ref::<crate::config::ConfigCell<T>>()
        .map(crate::config::ConfigCell::reader)
}
