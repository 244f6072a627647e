//! The list of the framework's own modules, in their order. Explicit, so that nothing depends on what the linker does.

use std::process::ExitCode;

use rustboot_core::app::{self, AppBuilder, AppInfo, Configure};
use rustboot_core::{Module, Result};

/// An application without macros.
///
/// ```no_run
/// use rustboot::prelude::*;
/// use rustboot::axum::{Router, routing};
///
/// fn main() -> std::process::ExitCode {
///     let mut app = rustboot::App::builder();
///     app.info(rustboot::app_info!())
///         .router(Router::new().route("/hello", routing::get(|| async { "Hello!" })));
///     rustboot::App::run(app)
/// }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct App;

impl App {
    /// A builder with the framework's modules in it.
    pub fn builder() -> AppBuilder {
        with_modules(AppInfo::new("app", "0.0.0"), None, Telemetry::Process)
    }

    /// Runs an application on a runtime of its own, and does what the command line says.
    pub fn run(app: AppBuilder) -> ExitCode {
        app::run(app)
    }
}

/// What `#[rustboot::app]` calls.
pub(crate) fn run_main(info: AppInfo, configure: Configure) -> ExitCode {
    app::run(with_modules(info, Some(configure), Telemetry::Process))
}

/// Where logs and metrics go.
pub(crate) enum Telemetry {
    /// To the process, which is the application.
    Process,
    /// To a test.
    #[cfg(feature = "testing")]
    Captured(rustboot_observe::Capture),
}

pub(crate) fn with_modules(
    info: AppInfo,
    main: Option<Configure>,
    telemetry: Telemetry,
) -> AppBuilder {
    let mut app = AppBuilder::new(info);
    // First, so that everybody after it can log.
    match telemetry {
        #[cfg(feature = "observe")]
        Telemetry::Process => app.module(rustboot_observe::ObserveModule),
        #[cfg(not(feature = "observe"))]
        Telemetry::Process => &mut app,
        #[cfg(feature = "testing")]
        Telemetry::Captured(capture) => app.module(rustboot_observe::CapturedModule(capture)),
    };
    // The user's `main` comes before what it may configure by hand.
    if let Some(main) = main {
        app.module(Main(info.name, main));
    }
    #[cfg(feature = "vault")]
    app.module(rustboot_vault::VaultModule);
    // Before those who ask what is offered.
    #[cfg(feature = "dev-services")]
    app.module(rustboot_dev::DevServicesModule);
    #[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
    app.module(rustboot_data::DataModule);
    #[cfg(feature = "redis")]
    app.module(rustboot_data::RedisModule);
    #[cfg(feature = "lock")]
    app.module(rustboot_data::LockModule);
    #[cfg(any(feature = "postgres", feature = "redis"))]
    app.module(rustboot_data::ScheduleModule);
    #[cfg(feature = "pubsub")]
    app.module(rustboot_data::PubSubModule);
    #[cfg(feature = "cache")]
    app.module(rustboot_data::CacheModule);
    #[cfg(feature = "web")]
    app.module(rustboot_web::WebModule);
    app
}

/// The user's `main` as a module.
struct Main(&'static str, Configure);

impl Module for Main {
    fn name(&self) -> &str {
        self.0
    }

    async fn configure(&self, app: &mut AppBuilder) -> Result<()> {
        (self.1)(app).await
    }
}

/// The name and version of the crate that this is written in, as an [`AppInfo`].
#[macro_export]
macro_rules! app_info {
    () => {
        $crate::AppInfo::new(
            ::core::env!("CARGO_PKG_NAME"),
            ::core::env!("CARGO_PKG_VERSION"),
        )
    };
}
