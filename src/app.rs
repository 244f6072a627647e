//! The list of the framework's own modules, in their order. Explicit, so that nothing depends on what the linker does.

use std::process::ExitCode;

use rustboot_core::app::{self, AppBuilder, AppInfo};
use rustboot_core::component::BoxFuture;
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
        with_modules(AppInfo::new("app", "0.0.0"), None)
    }

    /// Runs an application on a runtime of its own, and does what the command line says.
    pub fn run(app: AppBuilder) -> ExitCode {
        app::run(app)
    }
}

pub(crate) type Configure = for<'a> fn(&'a mut AppBuilder) -> BoxFuture<'a, Result<()>>;

/// What `#[rustboot::app]` calls.
pub(crate) fn run_main(info: AppInfo, configure: Configure) -> ExitCode {
    app::run(with_modules(info, Some(Main(info.name, configure))))
}

fn with_modules(info: AppInfo, main: Option<Main>) -> AppBuilder {
    let mut app = AppBuilder::new(info);
    // First, so that everybody after it can log.
    #[cfg(feature = "observe")]
    app.module(rustboot_observe::ObserveModule);
    // The user's `main` comes before what it may configure by hand.
    if let Some(main) = main {
        app.module(main);
    }
    #[cfg(feature = "vault")]
    app.module(rustboot_vault::VaultModule);
    #[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
    app.module(rustboot_data::DataModule);
    #[cfg(feature = "redis")]
    app.module(rustboot_data::RedisModule);
    #[cfg(feature = "lock")]
    app.module(rustboot_data::LockModule);
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
