//! Caches in the application: component, reload, close. The same for the one without a name and for the others.

use std::time::Duration;

use rustboot_core::AppBuilder;
use rustboot_core::app::AppContext;
use rustboot_core::component::{ComponentKey, Dependency, Instance};
use rustboot_core::lifecycle::HookPhase;

use super::Cache;
use super::config::{CacheConfig, CachesConfig};
use crate::kept::kept;

/// How long the end of the application waits for loads to let go.
const CLOSE_LIMIT: Duration = Duration::from_secs(1);

/// One cache of the configuration.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slot {
    /// The name of the component; none for `[cache]`.
    name: Option<&'static str>,
}

impl Slot {
    pub(crate) const MAIN: Self = Self { name: None };

    /// The one of `[caches.NAME]`.
    pub(crate) fn named(name: &str) -> Self {
        Self {
            name: Some(kept(name)),
        }
    }

    pub(crate) fn key(self) -> ComponentKey {
        let key = ComponentKey::of::<Cache>();
        match self.name {
            Some(name) => key.named(name),
            None => key,
        }
    }

    /// In metrics and logs.
    fn label(self) -> &'static str {
        self.name.unwrap_or("default")
    }

    /// Its section in the configuration.
    fn section(self) -> String {
        match self.name {
            Some(name) => format!("caches.{name}"),
            None => "cache".to_owned(),
        }
    }

    /// What that section says in a running application.
    fn config(self, app: &AppContext) -> Option<CacheConfig> {
        match self.name {
            None => Some(CacheConfig::clone(&*app.config()?)),
            Some(name) => app.config::<CachesConfig>()?.of(name).cloned(),
        }
    }
}

/// Registers a cache, which is made when something needs it.
pub(crate) fn cache(app: &mut AppBuilder, slot: Slot, config: &CacheConfig) {
    let label = slot.label();
    if config.enabled {
        app.active(format!(
            "{label}: in memory, up to {}, when something takes it",
            config.limit()
        ));
    } else {
        app.inactive(format!(
            "{label}: {}.enabled is false: everything is loaded each time",
            slot.section()
        ));
    }
    let config = config.clone();
    app.fallback_component(slot.key(), Vec::new(), move |_| {
        let cache = Cache::in_memory(label, &config);
        Ok(Box::pin(async move { Ok(Instance::new(cache)) }))
    });
    app.on_config_change(move |app, change| {
        if !change.affects(&slot.section()) {
            return;
        }
        let cache = app.components().get::<Cache>(slot.name);
        if let (Some(cache), Some(config)) = (cache, slot.config(app)) {
            cache.renew(&config);
        }
    });
}

/// Drops what is being loaded when the application ends.
pub(crate) fn close_at_the_end(app: &mut AppBuilder) {
    // Those that there are: it builds none, and comes before the hooks that close what a load may be using.
    let all = Dependency::all(ComponentKey::of::<Cache>());
    app.hook(HookPhase::Close, "cache", vec![all], |resolver| {
        let caches = resolver.all::<Cache>();
        async move {
            let closing = caches.iter().map(|cache| cache.close(CLOSE_LIMIT));
            futures_util::future::try_join_all(closing).await?;
            Ok(())
        }
    });
}
