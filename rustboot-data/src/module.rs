//! Wires the databases that are compiled in.

use rustboot_core::app::Module;
use rustboot_core::{AppBuilder, Config, Result};

use crate::config::DatabaseConfig;
use crate::error::classify;

/// Brings `SqliteDb` as a component that is built when something needs it, or when `database.url` is set; with it its
/// migrations, its health, and its end.
#[derive(Debug, Clone, Copy, Default)]
pub struct DataModule;

impl Module for DataModule {
    fn name(&self) -> &str {
        "data"
    }

    async fn configure(&self, app: &mut AppBuilder) -> Result<()> {
        app.classify(classify);
        match app.config::<DatabaseConfig>() {
            Ok(config) => {
                wire(app, config);
                Ok(())
            }
            Err(error) => {
                declare(app);
                Err(error)
            }
        }
    }
}

#[cfg(not(feature = "sqlite"))]
fn wire(app: &mut AppBuilder, _config: Config<DatabaseConfig>) {
    app.inactive("no database is compiled in");
}

#[cfg(feature = "sqlite")]
fn wire(app: &mut AppBuilder, config: Config<DatabaseConfig>) {
    crate::sqlite::wire(app, config);
}

#[cfg(not(feature = "sqlite"))]
fn declare(_app: &mut AppBuilder) {}

/// The configuration is wrong, and that is the problem to report: not that there is no database to inject.
#[cfg(feature = "sqlite")]
fn declare(app: &mut AppBuilder) {
    use rustboot_core::component::ComponentKey;
    let key = ComponentKey::of::<crate::SqliteDb>();
    app.fallback_component(key, Vec::new(), |_| {
        Err(rustboot_core::Error::new(
            rustboot_core::ErrorKind::Configuration,
            "the configuration of [database] is not valid",
        ))
    });
}
