//! Wires Redis.

use std::sync::Arc;
use std::time::Duration;

use rustboot_core::app::Module;
use rustboot_core::component::{ComponentKey, Instance};
use rustboot_core::health::{HealthConfig, HealthIndicator};
use rustboot_core::lifecycle::HookPhase;
use rustboot_core::report::Problem;
use rustboot_core::{AppBuilder, Error, ErrorKind, Result};

use super::config::RedisConfig;
use super::error::classify;
use super::handle::Redis;
use super::health::RedisHealth;
use super::target::Target;

/// How long the end of the application waits for commands that are still under way. By then, requests and tasks are gone.
const CLOSE_LIMIT: Duration = Duration::from_secs(5);

/// What the servers are called that others may offer.
const KIND: &str = "redis";

/// Brings [`Redis`] as a component that is built when `redis.url` is set, or when something takes it and somebody offers one, with its health, its metrics, and its end.
#[derive(Debug, Clone, Copy, Default)]
pub struct RedisModule;

impl Module for RedisModule {
    fn name(&self) -> &str {
        "redis"
    }

    async fn configure(&self, app: &mut AppBuilder) -> Result<()> {
        app.classify(classify);
        let config = match app.config::<RedisConfig>() {
            Ok(config) => RedisConfig::clone(&*config),
            Err(error) => {
                let problem = Problem::new("redis", "the configuration of it is not valid");
                unavailable(app, problem);
                return Err(error);
            }
        };
        if config.url.is_none() {
            if let Some(provider) = app.service_offered(KIND) {
                app.active(format!(
                    "Redis from {provider} when something uses it: no redis.url is set"
                ));
                available(app, config.critical);
                app.needs_service(ComponentKey::of::<Redis>(), KIND, "redis.url");
                return Ok(());
            }
            app.inactive("no redis.url is set");
            unavailable(app, not_set());
            return Ok(());
        }
        // What is wrong with it is in the report already: the section is checked when it is bound.
        if let Ok(target) = Target::of(&config) {
            app.active(format!(
                "{} at {target}, as redis.url says",
                target.mode.name()
            ));
            available(app, config.critical);
            app.require(ComponentKey::of::<Redis>());
        }
        Ok(())
    }
}

/// Whether there is a Redis, for modules that work without one as well.
pub(crate) fn is_configured(app: &mut AppBuilder) -> bool {
    let config = app.config::<RedisConfig>();
    config.is_ok_and(|config| config.url.is_some())
}

fn available(app: &mut AppBuilder, critical: bool) {
    let key = ComponentKey::of::<Redis>();
    let base = app.base_dir().to_owned();
    let folder = base.clone();
    app.fallback_component(key, Vec::new(), move |resolver| {
        // Only now: somebody may have started a server since the module was configured.
        let config = resolver.config::<RedisConfig>();
        let config = config.map_or_else(RedisConfig::default, |config| config.in_folder(&folder));
        let prefix = match &config.key_prefix {
            Some(prefix) => prefix.clone(),
            None => format!("{}:", resolver.app().info().name),
        };
        Ok(Box::pin(async move {
            Ok(Instance::new(Redis::open(&config, prefix).await?))
        }))
    });

    app.health_of(move |resolver| {
        let limit = resolver
            .config::<HealthConfig>()
            .map_or(Duration::from_secs(1), |health| health.timeout)
            .mul_f64(0.9);
        Ok(resolver.component::<Redis>(None).map(|redis| {
            Arc::new(RedisHealth {
                redis,
                critical,
                limit,
            }) as Arc<dyn HealthIndicator>
        }))
    });

    app.on_config_change(move |app, change| {
        if !change.affects("redis") {
            return;
        }
        let (Some(redis), Some(config)) = (app.component::<Redis>(), app.config::<RedisConfig>())
        else {
            return;
        };
        if let Err(error) = redis.renew(&config.in_folder(&base)) {
            // Taken out of the configuration: that needs a restart.
            tracing::warn!(target: "rustboot::config", error = %error, "Redis goes on as it was");
        }
    });

    // No dependency: naming one would build the component just to close it.
    app.hook(HookPhase::Close, "redis", Vec::new(), |resolver| {
        let redis = resolver.component::<Redis>(None);
        async move {
            match redis {
                Some(redis) => redis.close(CLOSE_LIMIT).await,
                None => Ok(()),
            }
        }
    });
}

fn unavailable(app: &mut AppBuilder, problem: Problem) {
    let key = ComponentKey::of::<Redis>();
    app.fallback_component(key, Vec::new(), |_| {
        Err(Error::new(ErrorKind::Configuration, "redis.url is not set"))
    });
    app.unavailable(key, problem);
}

fn not_set() -> Problem {
    Problem::new("redis.url", "required, and not set")
        .note("needed by the component Redis")
        .note("help: set REDIS_URL, for example to redis://:password@localhost:6379/0, or put a file named redis_url in /run/secrets")
}
