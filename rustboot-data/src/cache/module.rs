//! Brings the caches of an application.

use rustboot_core::app::Module;
use rustboot_core::{AppBuilder, Result};

use super::config::{CacheConfig, CachesConfig};
use super::wire::{self, Slot};

/// Brings [`Cache`](super::Cache) as a component that is made when something takes it. `[cache]` is the one without a name,
/// `[caches.NAME]` are taken by `#[named("NAME")]`.
#[derive(Debug, Clone, Copy, Default)]
pub struct CacheModule;

impl Module for CacheModule {
    fn name(&self) -> &str {
        "cache"
    }

    async fn configure(&self, app: &mut AppBuilder) -> Result<()> {
        let main = app.config::<CacheConfig>();
        let others = app.config::<CachesConfig>();
        // With a mistake in the configuration they are declared all the same: it is reported, and that somebody takes a cache
        // that is not there would be one more report of the same.
        let config = main.as_deref().cloned().unwrap_or_default();
        wire::cache(app, Slot::MAIN, &config);
        for name in app.names_below("caches") {
            let config = others
                .as_ref()
                .ok()
                .and_then(|others| others.of(&name).cloned());
            let slot = Slot::named(&name);
            wire::cache(app, slot, &config.unwrap_or_default());
            app.warn_if_unused(
                slot.key(),
                format!("[caches.{name}] is configured, and nothing takes it: `#[named(\"{name}\")] cache: Cache` does"),
            );
        }
        wire::close_at_the_end(app);
        main?;
        others.map(|_| ())
    }
}
