//! Wires locks.

use rustboot_core::app::Module;
use rustboot_core::component::{ComponentKey, Instance};
use rustboot_core::{AppBuilder, Result};

use super::config::LockConfig;
use super::handle::Lock;

/// Brings [`Lock`] as a component that is made when something takes it: on Redis when `redis.url` is set, else in memory.
#[derive(Debug, Clone, Copy, Default)]
pub struct LockModule;

impl Module for LockModule {
    fn name(&self) -> &str {
        "lock"
    }

    async fn configure(&self, app: &mut AppBuilder) -> Result<()> {
        let config = app.config::<LockConfig>();
        // With a mistake in the configuration it is declared all the same: that is reported, and that somebody takes what is not
        // there would be one more report of the same.
        declare(app, config.as_deref().copied().unwrap_or_default());
        app.on_config_change(|app, change| {
            if !change.affects("lock") {
                return;
            }
            if let (Some(lock), Some(config)) =
                (app.component::<Lock>(), app.config::<LockConfig>())
            {
                lock.renew(*config);
            }
        });
        config.map(|_| ())
    }
}

fn declare(app: &mut AppBuilder, config: LockConfig) {
    let key = ComponentKey::of::<Lock>();
    #[cfg(feature = "redis")]
    if crate::redis::is_configured(app) {
        use rustboot_core::component::Injectable as _;
        app.active("on Redis, for all replicas: redis.url is set");
        let needs = crate::Redis::dependency().into_iter().collect();
        app.fallback_component(key, needs, move |resolver| {
            let redis = crate::Redis::inject(resolver)?;
            Ok(Box::pin(async move {
                Ok(Instance::new(Lock::on_redis(&redis, config)))
            }))
        });
        return;
    }
    app.active("in memory, for this process alone: no redis.url is set");
    app.fallback_component(key, Vec::new(), move |_| {
        Ok(Box::pin(async move {
            Ok(Instance::new(Lock::in_memory(config)))
        }))
    });
}
