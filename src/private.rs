//! Every path that the macros expand to. Not for use by hand, and not covered by semver: rustboot-macros is pinned to the
//! exact version of this crate, and the two change together.

pub use inventory;
pub use serde;

pub use crate::__cron_trigger as cron_trigger;
pub use crate::__described as described;
pub use rustboot_core::app::{AppBuilder, AppDef, AppInfo, Resource};
pub use rustboot_core::component::{
    AliasDef, BoxFuture, ByName, ComponentDef, ComponentKey, ComponentName, Dependency, Injectable,
    Injected, Instance, Outcome, Resolver, TakenByName,
};
pub use rustboot_core::config::{ByteSize, ConfigDef, DefaultValue, Describe, Field, Properties};
pub use rustboot_core::error::{ErrorDef, IntoError, ProblemKind};
pub use rustboot_core::expansion::{Otherwise, Probe, ResultOf};
pub use rustboot_core::health::{HealthDef, HealthOutcome};
pub use rustboot_core::lifecycle::{BackgroundDef, HookDef, HookPhase, Restart};
pub use rustboot_core::schedule::{Overlap, Period, TaskDef, TaskOptions, Trigger};
pub use rustboot_core::source::Location;
pub use rustboot_core::{Error, Result};

#[cfg(feature = "cache")]
pub use rustboot_data::{Cache, CacheKey, Ttl, assert_cached};

#[cfg(feature = "web")]
pub use axum::http;
#[cfg(feature = "web")]
pub use axum::response::{IntoResponse, Response};
#[cfg(feature = "web")]
pub use rustboot_web::assertions::{assert_parts, assert_request, assert_response};
#[cfg(feature = "web")]
pub use rustboot_web::direct::{AsAxumDoes, Pick, Returns, ReturnsOther, ViaAxum, WithBody};
#[cfg(feature = "web")]
pub use rustboot_web::{
    RouteDef, RouteGroup, RouteLayer, RouteSecurity, RouteSettings, route_handler,
};

#[cfg(feature = "openapi")]
pub use rustboot_web::openapi::probe;

/// The compiler that built the framework, and with it the application.
pub const RUSTC: &str = env!("RUSTBOOT_RUSTC");

/// Checks a section against its garde rules: what `#[config]` puts into `Properties::check` when there are any.
#[cfg(feature = "validate")]
pub fn check_rules<T: garde::Validate<Context = ()>>(
    section: &T,
    problems: &mut Vec<(String, String)>,
) {
    if let Err(report) = section.validate() {
        problems.extend(report.iter().map(|(path, problem)| {
            // garde writes `items[0].name`, and keys have dots.
            let key = path.to_string().replace('[', ".").replace(']', "");
            (key, problem.to_string())
        }));
    }
}

/// Runs an application: what `#[rustboot::app]` puts into `main`.
pub fn main(
    info: AppInfo,
    configure: for<'a> fn(&'a mut AppBuilder) -> BoxFuture<'a, Result<()>>,
) -> std::process::ExitCode {
    crate::app::run_main(info, configure)
}

/// What `#[rustboot::test]` expands to.
#[cfg(feature = "testing")]
pub mod testing {
    use rustboot_core::app::{AppBuilder, AppInfo, Configure};
    use rustboot_observe::Capture;
    use rustboot_test::{Facade, TestArgument, Verdict};
    pub use rustboot_test::{TestApp, TestAppBuilder, TestDef};

    /// Runs a test.
    pub fn run<A, F, Fut>(def: TestDef, options: fn(TestAppBuilder) -> TestAppBuilder, body: F)
    where
        A: TestArgument,
        F: FnOnce(A) -> Fut,
        Fut: Future<Output: Verdict>,
    {
        let facade = Facade {
            make,
            has_items: has_items(),
        };
        rustboot_test::run(def, facade, options, body);
    }

    fn has_items() -> bool {
        #[cfg(feature = "web")]
        let routes = inventory::iter::<rustboot_web::RouteDef>
            .into_iter()
            .next()
            .is_some();
        #[cfg(not(feature = "web"))]
        let routes = false;
        routes || rustboot_core::app::has_collected_items()
    }

    fn make(info: AppInfo, main: Option<Configure>, capture: Capture) -> AppBuilder {
        crate::app::with_modules(info, main, crate::app::Telemetry::Captured(capture))
    }
}
