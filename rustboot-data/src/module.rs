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
        let config = app.config::<DatabaseConfig>()?;
        wire(app, config);
        Ok(())
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
