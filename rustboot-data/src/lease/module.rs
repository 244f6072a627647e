//! Wires the leases of scheduled tasks: on Redis, or on PostgreSQL.

use rustboot_core::app::Module;
use rustboot_core::component::{ComponentKey, Injectable, Instance};
use rustboot_core::schedule::{Leases, ScheduleConfig};
use rustboot_core::{AppBuilder, Result};

use super::Store;
use super::tasks::TaskLeases;

/// Lets the replicas of an application agree on who runs a `#[scheduled(…, singleton)]` task: on Redis when `redis.url` is set, else on
/// PostgreSQL when `database.url` is one of it; `schedule.store` chooses. Without either, every process runs them.
#[derive(Debug, Clone, Copy, Default)]
pub struct ScheduleModule;

/// Where leases can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    #[cfg(feature = "redis")]
    Redis,
    #[cfg(feature = "postgres")]
    Postgres,
}

impl Module for ScheduleModule {
    fn name(&self) -> &str {
        "schedule"
    }

    async fn configure(&self, app: &mut AppBuilder) -> Result<()> {
        let config = app.config::<ScheduleConfig>()?;
        let (place, why) = match config.store.as_deref() {
            None => match first(app) {
                None => (
                    None,
                    "there is no redis.url, and no database.url of PostgreSQL",
                ),
                place => (place, "what is configured says so"),
            },
            Some("memory") => (None, "schedule.store is memory"),
            Some(name) => {
                let wanted = named(app, name);
                if wanted.is_none() {
                    app.config_problem(
                        "schedule.store",
                        &format!("{name}, and there is none"),
                        "set redis.url, or a database.url of PostgreSQL; or leave schedule.store out",
                    );
                }
                (wanted, "schedule.store says so")
            }
        };
        match place {
            #[cfg(feature = "redis")]
            Some(Place::Redis) => {
                app.active(format!(
                    "tasks that run on one replica only: leases on Redis, {why}"
                ));
                declare::<crate::Redis>(app, |redis| TaskLeases {
                    name: "Redis",
                    store: Store::redis(redis),
                });
            }
            #[cfg(feature = "postgres")]
            Some(Place::Postgres) => {
                app.active(format!(
                    "tasks that run on one replica only: leases on PostgreSQL, {why}"
                ));
                declare::<crate::PgDb>(app, |db| TaskLeases {
                    name: "PostgreSQL",
                    store: Store::postgres(db),
                });
            }
            // What this means for tasks that there are, the core says.
            None => _ = app.inactive(why),
        }
        Ok(())
    }
}

fn first(app: &mut AppBuilder) -> Option<Place> {
    named(app, "redis").or_else(|| named(app, "postgres"))
}

/// The one of that name, when it is configured.
fn named(app: &mut AppBuilder, name: &str) -> Option<Place> {
    match name {
        #[cfg(feature = "redis")]
        "redis" => crate::redis::is_configured(app).then_some(Place::Redis),
        #[cfg(feature = "postgres")]
        "postgres" => {
            use crate::config::{DatabaseConfig, Kind};
            let config = app.config::<DatabaseConfig>().ok()?;
            (config.kind() == Some(Kind::Postgres)).then_some(Place::Postgres)
        }
        _ => None,
    }
}

/// Made when a task needs it, of a component.
fn declare<C: Injectable>(app: &mut AppBuilder, make: fn(C) -> TaskLeases) {
    let key = ComponentKey::of::<Leases>();
    let needs = C::dependency().into_iter().collect();
    app.fallback_component(key, needs, move |resolver| {
        let leases = Leases::new(make(C::inject(resolver)?));
        Ok(Box::pin(async move { Ok(Instance::new(leases)) }))
    });
}
