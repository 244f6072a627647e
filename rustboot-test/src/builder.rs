//! The application of a test before it starts: its settings, and what stands in for what.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use figment::value::Value;
use rustboot_core::app::StartError;
use rustboot_core::config::{Profile, Sources};
use rustboot_core::source::Location;
use rustboot_core::{AppBuilder, Module, Result};
use rustboot_observe::Capture;

use crate::app::{Apps, TestApp};
use crate::declared::{self, Facade, TestDef};
use crate::run::LIMIT;
use crate::services::{self, Services, TestServices};

/// The one key whose value makes a difference to what other modules do.
const REDIS: &str = "redis.url";

/// A key, its value, and where the test sets it.
type Setting = (String, Value, Location);

type Change = Box<dyn FnOnce(&mut AppBuilder) + Send>;

/// The application of a test, not started yet. A test function takes it in place of [`TestApp`] to start the application by
/// hand, with doubles or several times.
///
/// ```ignore
/// #[rustboot::test]
/// async fn orders_are_mailed(app: TestAppBuilder) {
///     let mailer = Arc::new(RecordingMailer::default());
///     let app = app.provide_as::<dyn Mailer>(mailer.clone()).start().await;
///     app.post("/orders").json(&json!({"item": 1})).await.assert_status(201);
///     assert_eq!(mailer.sent(), 1);
/// }
/// ```
///
/// What is different from production, and nothing else is: the profile is `test`; the environment of the process is not
/// read (`RUST_LOG` is), and neither are secret files; `server.host` is 127.0.0.1 and `server.port` 0 (`management.port` too, if it is
/// set), without TLS; `lifecycle.drain_delay` is 0 and `lifecycle.shutdown_timeout` 5 s by default; the addresses of databases are
/// those of fresh ones. [`set`](Self::set) beats all of that.
pub struct TestAppBuilder {
    def: TestDef,
    facade: Facade,
    capture: Capture,
    pub(crate) limit: Duration,
    pub(crate) paused: bool,
    pub(crate) apps: Arc<Apps>,
    profile: Profile,
    settings: Vec<Setting>,
    variables: Vec<(String, String)>,
    changes: Vec<Change>,
    services: Option<Arc<Services>>,
}

impl TestAppBuilder {
    pub(crate) fn new(def: TestDef, facade: Facade, capture: Capture) -> Self {
        Self {
            def,
            facade,
            capture,
            limit: LIMIT,
            paused: false,
            apps: Arc::default(),
            profile: Profile::test(),
            settings: Vec::new(),
            variables: Vec::new(),
            changes: Vec::new(),
            services: None,
        }
    }

    /// Sets a configuration key, above files, defaults and what the kit itself sets.
    #[must_use]
    #[track_caller]
    pub fn set(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.settings
            .push((key.to_owned(), value.into(), Location::caller()));
        self
    }

    /// Sets a variable of the environment that the application sees; the process keeps its own.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    /// Another profile than `test`: to see how the application is in production.
    #[must_use]
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// A component in place of the application's own of the same type, whoever makes that.
    #[must_use]
    pub fn provide<T: Send + Sync + 'static>(self, value: T) -> Self {
        self.overriding(|app| {
            app.provide(value);
        })
    }

    /// The same for a component with a name.
    #[must_use]
    pub fn provide_named<T: Send + Sync + 'static>(self, name: &'static str, value: T) -> Self {
        self.overriding(move |app| {
            app.provide_named(name, value);
        })
    }

    /// A trait object in place of whichever the application has: `provide_as::<dyn Mailer>(Arc::new(Recording::default()))`.
    #[must_use]
    pub fn provide_as<T: ?Sized + Send + Sync + 'static>(self, value: Arc<T>) -> Self {
        self.overriding(|app| {
            app.provide_as(value);
        })
    }

    /// A component that has to be made, in place of the application's own: a double that listens somewhere.
    #[must_use]
    pub fn replace_component<T, F, Fut>(self, factory: F) -> Self
    where
        T: Send + Sync + 'static,
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<T>> + Send + 'static,
    {
        self.overriding(|app| {
            app.replace_component(factory);
        })
    }

    /// Adds a module, after those of the framework.
    #[must_use]
    pub fn module(self, module: impl Module) -> Self {
        self.configure(|app| {
            app.module(module);
        })
    }

    /// Does anything else to the application, before its modules are configured.
    #[must_use]
    pub fn configure(mut self, change: impl FnOnce(&mut AppBuilder) + Send + 'static) -> Self {
        self.changes.push(Box::new(change));
        self
    }

    /// Another application of the same test, as this one was when the test began: without what was set or handed in since.
    #[must_use]
    pub fn another(&self) -> Self {
        Self {
            limit: self.limit,
            paused: self.paused,
            apps: Arc::clone(&self.apps),
            ..Self::new(self.def, self.facade, self.capture.clone())
        }
    }

    /// The same databases that another application of this test has: it is then a second replica of the same service.
    #[must_use]
    pub fn with_services_of(mut self, app: &TestApp) -> Self {
        self.services = Some(app.services());
        self
    }

    /// Lets time stand still from the moment when the application is ready; see [`TestApp::advance`]. Works in a test that says
    /// `start_paused = true`, which sets this.
    #[must_use]
    pub fn start_paused(mut self, paused: bool) -> Self {
        self.paused = paused;
        self
    }

    /// How long the whole test may take, in real time. Default 60 s. Works as `timeout = "5m"` of the attribute.
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Starts the application. It is stopped when the test ends.
    ///
    /// # Panics
    /// When it does not start: the message is the report that production prints.
    pub async fn start(self) -> TestApp {
        match self.try_start().await {
            Ok(app) => app,
            Err(error) => panic!("the application did not start\n{error}"),
        }
    }

    /// Starts the application, for tests of what keeps it from starting.
    ///
    /// # Errors
    /// The report, or the error of the first phase that failed.
    pub async fn try_start(self) -> std::result::Result<TestApp, StartError> {
        let (info, main) = declared::application(&self.def);
        let is_by_hand = main.is_some() || !self.changes.is_empty();
        let mut app = (self.facade.make)(info, main, self.capture.clone());
        let services = self
            .services
            .unwrap_or_else(|| Arc::new(Services::new(&info)));
        // What it gets has to go also when it does not start.
        self.apps.lends(&services);
        app.sources(sources(self.def.folder, self.variables, self.profile));
        app.service_provider(TestServices(Arc::clone(&services)));
        prepare(&mut app, &self.settings);
        // Locks and caches are in Redis when there is a URL, so it is there before they are configured.
        if app.has_value(REDIS) && !is_set(&self.settings, REDIS) && services::offers("redis") {
            for (key, value) in services.get("redis", REDIS).await?.values {
                app.override_value(&key, value);
            }
        }
        for (key, value, location) in self.settings {
            app.override_value_at(&key, value, location);
        }
        for change in self.changes {
            change(&mut app);
        }
        if !is_by_hand && !self.facade.has_items {
            declared::nothing_is_linked(&self.def);
        }
        let running = app.assemble().await?.start().await?;
        let clock = self.apps.clock(self.paused);
        let app = TestApp::new(running, self.capture, services, clock);
        self.apps.add(&app);
        Ok(app)
    }

    fn overriding(self, provide: impl FnOnce(&mut AppBuilder) + Send + 'static) -> Self {
        self.configure(|app| {
            app.overriding(provide);
        })
    }
}

impl fmt::Debug for TestAppBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.settings.iter().map(|(key, _, _)| key);
        f.debug_struct("TestAppBuilder")
            .field("test", &self.def.name)
            .field("set", &keys.collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// The package's files, and none of the surroundings: a test has to come out the same on every machine.
fn sources(folder: &str, variables: Vec<(String, String)>, profile: Profile) -> Sources {
    let mut sources = Sources::empty(folder);
    sources.profile = Some(profile);
    // Below no directory, so that there is none.
    let none = "/nonexistent/rustboot-test".to_owned();
    sources
        .environment
        .push(("RUSTBOOT_SECRETS_DIR".to_owned(), none));
    sources
        .environment
        .extend(log_level().map(|level| ("RUST_LOG".to_owned(), level)));
    sources.environment.extend(variables);
    sources
}

#[expect(
    clippy::disallowed_methods,
    reason = "for whoever looks at a test that fails; it goes through the configuration of the application"
)]
fn log_level() -> Option<String> {
    std::env::var("RUST_LOG").ok()
}

/// What a test has to have otherwise than production.
fn prepare(app: &mut AppBuilder, settings: &[Setting]) {
    let mut hidden = vec![
        "database.url".to_owned(),
        "database.replicas".to_owned(),
        "server.tls".to_owned(),
    ];
    for name in app.names_below("databases") {
        hidden.push(format!("databases.{name}.url"));
        hidden.push(format!("databases.{name}.replicas"));
    }
    for key in hidden.iter().filter(|key| !is_set(settings, key)) {
        app.without_value(key);
    }
    app.default_value("lifecycle.shutdown_timeout", "5s");
    app.override_value("server.host", "127.0.0.1")
        .override_value("server.port", 0)
        .override_value("lifecycle.drain_delay", "0s");
    if app.has_value("management.port") {
        app.override_value("management.port", 0);
    }
}

/// Whether the test sets a key, or one below it.
fn is_set(settings: &[Setting], key: &str) -> bool {
    settings.iter().any(|(set, _, _)| {
        set.strip_prefix(key)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}
