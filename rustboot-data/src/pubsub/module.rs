//! Wires channels.

use rustboot_core::app::Module;
use rustboot_core::component::{ComponentKey, Injectable as _, Instance};
use rustboot_core::lifecycle::{HookPhase, Shutdown};
use rustboot_core::{AppBuilder, Result};

use super::config::PubSubConfig;
use super::handle::PubSub;

/// Brings [`PubSub`] as a component that is made when something takes it: on Redis when `redis.url` is set, else in memory.
#[derive(Debug, Clone, Copy, Default)]
pub struct PubSubModule;

impl Module for PubSubModule {
    fn name(&self) -> &str {
        "pubsub"
    }

    async fn configure(&self, app: &mut AppBuilder) -> Result<()> {
        let config = app.config::<PubSubConfig>();
        // With a mistake in the configuration it is declared all the same: that is reported, and that somebody takes what is not
        // there would be one more report of the same.
        declare(app, config.as_deref().copied().unwrap_or_default());
        // No dependency: naming one would build the component just to close it.
        app.hook(HookPhase::Close, "pubsub", Vec::new(), |resolver| {
            if let Some(pubsub) = resolver.component::<PubSub>(None) {
                pubsub.close();
            }
            std::future::ready(Ok(()))
        });
        config.map(|_| ())
    }
}

fn declare(app: &mut AppBuilder, config: PubSubConfig) {
    let key = ComponentKey::of::<PubSub>();
    #[cfg(feature = "redis")]
    if crate::redis::is_configured(app) {
        app.active("on Redis, for all replicas: redis.url is set");
        let needs = crate::Redis::dependency().into_iter().collect();
        app.fallback_component(key, needs, move |resolver| {
            let redis = crate::Redis::inject(resolver)?;
            let shutdown = Shutdown::inject(resolver)?;
            Ok(Box::pin(async move {
                let pubsub = PubSub::through(&redis, config, Some(shutdown));
                Ok(Instance::new(pubsub))
            }))
        });
        return;
    }
    app.active("in memory, for this process alone: no redis.url is set");
    app.fallback_component(key, Vec::new(), move |resolver| {
        let shutdown = Shutdown::inject(resolver)?;
        Ok(Box::pin(async move {
            Ok(Instance::new(PubSub::within(config, Some(shutdown))))
        }))
    });
}
