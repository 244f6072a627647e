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
    let on_redis = config.redis && redis_is_configured(app);
    if config.enabled {
        let tiers = match (on_redis, config.redis) {
            (true, _) => "in memory, and in Redis for all replicas",
            _ if !cfg!(feature = "redis") => "in the memory of each replica",
            (false, false) => "in the memory of each replica, since its `redis` is false",
            (false, true) => "in the memory of each replica, since no redis.url is set",
        };
        app.active(format!(
            "{label}: {tiers}; up to {} in memory; made when something takes it",
            config.limit()
        ));
    } else {
        app.inactive(format!(
            "{label}: {}.enabled is false: everything is loaded each time",
            slot.section()
        ));
    }
    match on_redis {
        #[cfg(feature = "redis")]
        true => declare_on_redis(app, slot, config.clone()),
        _ => declare_in_memory(app, slot, config.clone()),
    }
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

fn declare_in_memory(app: &mut AppBuilder, slot: Slot, config: CacheConfig) {
    app.fallback_component(slot.key(), Vec::new(), move |_| {
        let cache = Cache::in_memory(slot.label(), &config);
        Ok(Box::pin(async move { Ok(Instance::new(cache)) }))
    });
}

#[cfg(feature = "redis")]
fn redis_is_configured(app: &mut AppBuilder) -> bool {
    crate::redis::is_configured(app)
}

#[cfg(not(feature = "redis"))]
fn redis_is_configured(_: &mut AppBuilder) -> bool {
    false
}

#[cfg(feature = "redis")]
fn declare_on_redis(app: &mut AppBuilder, slot: Slot, config: CacheConfig) {
    use rustboot_core::component::Injectable as _;

    use crate::{PubSub, PubSubConfig, Redis};

    let mut needs: Vec<Dependency> = Redis::dependency().into_iter().collect();
    // The channels that the application has; without the module of them, the cache has its own.
    needs.push(Dependency::optional(ComponentKey::of::<PubSub>()));
    app.fallback_component(slot.key(), needs, move |resolver| {
        let redis = Redis::inject(resolver)?;
        let pubsub = match resolver.component::<PubSub>(None) {
            Some(pubsub) => PubSub::clone(&pubsub),
            None => PubSub::on_redis(&redis, PubSubConfig::default()),
        };
        let config = config.clone();
        Ok(Box::pin(async move {
            let label = slot.label().to_owned();
            let (cache, tier) = Cache::beside(label, &config, &redis, &pubsub);
            if config.enabled {
                tier.listens().await;
            }
            Ok(Instance::new(cache))
        }))
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
