//! Registers the Vault that is configured.

use rustboot_core::app::Module;
use rustboot_core::{AppBuilder, Result};

use crate::config::VaultConfig;
use crate::source::VaultSource;

/// Reads secrets from the Vault of `[vault]`. Inactive without an address or without paths.
#[derive(Debug, Clone, Copy, Default)]
pub struct VaultModule;

impl Module for VaultModule {
    fn name(&self) -> &str {
        "vault"
    }

    fn secret_sources(&self, app: &mut AppBuilder) -> Result<()> {
        let config = app.config::<VaultConfig>()?;
        if config.is_active() {
            let config = VaultConfig::clone(&config).resolved(app);
            app.secret_source(VaultSource { config });
        }
        Ok(())
    }

    async fn configure(&self, app: &mut AppBuilder) -> Result<()> {
        let config = app.config::<VaultConfig>()?;
        match &config.address {
            Some(address) if config.is_active() => {
                app.active(format!("{} of {address}", config.paths.join(", ")));
            }
            Some(_) => {
                app.inactive("vault.paths is empty");
            }
            None => {
                app.inactive("no vault.address, and no VAULT_ADDR");
            }
        }
        Ok(())
    }
}
