//! [`SqliteDb`] in the application: component, migrations, health, close.

use std::sync::Arc;
use std::time::Duration;

use rustboot_core::component::{ComponentKey, Instance};
use rustboot_core::health::{HealthConfig, HealthIndicator};
use rustboot_core::lifecycle::HookPhase;
use rustboot_core::report::Problem;
use rustboot_core::{AppBuilder, Config, Error, ErrorKind};
use sqlx::Sqlite;

use super::{Place, SqliteDb, Target};
use crate::config::DatabaseConfig;
use crate::health::DatabaseHealth;
use crate::migrate::Migrations;
use crate::pool::Driver as _;

/// The name in `/health`, in metrics, and of the section.
const NAME: &str = "database";

/// How long the end of the application waits for connections that are still in use. By then, requests and tasks are gone.
const CLOSE_LIMIT: Duration = Duration::from_secs(5);

/// Registers everything. Opens nothing.
pub(crate) fn wire(app: &mut AppBuilder, config: Config<DatabaseConfig>) {
    let key = ComponentKey::of::<SqliteDb>();
    let target = target(app, &config);
    let has_target = target.is_some();
    app.fallback_component(key, Vec::new(), {
        let config = config.clone();
        move |_| {
            let config = config.clone();
            let target = target.clone();
            Ok(Box::pin(async move {
                let target = target.ok_or_else(|| Error::new(ErrorKind::Configuration, NO_URL))?;
                let db = SqliteDb::open(target, &config, NAME).await?;
                Ok(Instance::new(db))
            }))
        }
    });
    if config.url.is_some() {
        app.require(key);
    } else if !has_target {
        app.unavailable(key, no_url());
    }

    match Migrations::embedded(app.app_info().resources, Sqlite::SYSTEM) {
        Err(problems) => {
            for problem in problems {
                app.problem(problem);
            }
        }
        // The command `migrate` migrates whatever the configuration says about the start.
        Ok(migrations) if config.migrate || !app.is_serving() => {
            let migrations = Arc::new(migrations);
            app.prepare(key, move |instance| {
                let migrations = Arc::clone(&migrations);
                async move {
                    match instance.get::<SqliteDb>() {
                        Some(db) => db.migrate(&migrations).await,
                        None => Ok(()),
                    }
                }
            });
        }
        Ok(_) => {}
    }

    app.health_of(|resolver| {
        let limit = resolver
            .config::<HealthConfig>()
            .map_or(Duration::from_secs(1), |health| health.timeout)
            .mul_f64(0.9);
        Ok(resolver.component::<SqliteDb>(None).map(|db| {
            Arc::new(DatabaseHealth {
                pool: db.pool().clone(),
                details: vec![("path", db.place().to_string())],
                limit,
            }) as Arc<dyn HealthIndicator>
        }))
    });

    // No dependency: naming one would build the component just to close it.
    app.hook(HookPhase::Close, NAME, Vec::new(), |resolver| {
        let db = resolver.component::<SqliteDb>(None);
        async move {
            match db {
                Some(db) => db.close(CLOSE_LIMIT).await,
                None => Ok(()),
            }
        }
    });
}

/// What is opened, and the reason for `/conditions`. `None` when nothing says what.
fn target(app: &mut AppBuilder, config: &DatabaseConfig) -> Option<Target> {
    let base = app.base_dir().to_owned();
    if let Some(url) = &config.url {
        // The section was checked when it was bound; what was wrong is in the report.
        let target = Target::from_url(url.expose_secret(), &base).ok()?;
        match &target.place {
            Place::File(path) => {
                let path = path.strip_prefix(&base).unwrap_or(path).display();
                app.active(format!("SQLite at {path}, as database.url says"))
            }
            Place::Memory => app.active("SQLite in memory, as database.url says"),
        };
        return Some(target);
    }
    let profile = app.profile().as_str().to_owned();
    if profile == "dev" || profile == "test" {
        let path = format!("data/{}.db", app.app_info().name);
        app.active(format!(
            "SQLite at {path} when something uses it: no database.url is set, and the profile is {profile}"
        ));
        return Some(Target::file(base.join(path)));
    }
    app.inactive(format!(
        "no database.url is set, and the profile is {profile}"
    ));
    None
}

const NO_URL: &str = "required, and not set";

fn no_url() -> Problem {
    Problem::new("database.url", NO_URL)
        .note("needed by the component SqliteDb, outside of the profiles dev and test")
        .note("help: set DATABASE_URL, for example to sqlite:/data/app.db, or put a file named database_url in /run/secrets")
}
