//! Databases in the application: component, migrations, health, reload, close. The same for every kind, named or not.

use std::sync::Arc;
use std::time::Duration;

use rustboot_core::app::AppContext;
use rustboot_core::component::{ComponentKey, Instance};
use rustboot_core::health::{HealthConfig, HealthIndicator};
use rustboot_core::lifecycle::HookPhase;
use rustboot_core::report::Problem;
use rustboot_core::{AppBuilder, Error, ErrorKind, Result};
use serde_json::Value;

use crate::config::{DatabaseConfig, DatabasesConfig};
use crate::credentials;
use crate::health::{DatabaseHealth, ReplicaHealth};
use crate::kept::kept;
use crate::migrate::Migrations;
use crate::pool::Driver as _;
use crate::transaction::Transactional;

/// How long the end of the application waits for connections that are still in use. By then, requests and tasks are gone.
const CLOSE_LIMIT: Duration = Duration::from_secs(5);

/// What a database is opened for.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    /// The name of the application.
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    pub(crate) app: String,
    /// The folder that relative paths start from.
    #[cfg(feature = "sqlite")]
    pub(crate) base: std::path::PathBuf,
}

/// A kind of database that can be wired.
pub(crate) trait Wired: Transactional {
    /// The name of the type, for people.
    const TYPE: &'static str;

    /// What the configuration says of where it is.
    type Target: Clone + Send + Sync + 'static;

    /// Reads that.
    ///
    /// # Errors
    /// Which key is wrong. The section was checked when it was bound, so that is for databases that are opened by hand.
    fn target(config: &DatabaseConfig, section: &str, context: &Context) -> Result<Self::Target>;

    /// Where it is, without a secret.
    fn describe(target: &Self::Target) -> String;

    /// Opens it.
    fn open(
        target: Self::Target,
        config: &DatabaseConfig,
        name: &str,
    ) -> impl Future<Output = Result<Self>> + Send;

    /// Runs what it does not have yet.
    fn migrate(&self, migrations: &Migrations) -> impl Future<Output = Result<()>> + Send;

    /// Closes it.
    fn close(&self, limit: Duration) -> impl Future<Output = Result<()>> + Send;

    /// Goes on under a new configuration.
    fn renew(&self, target: Self::Target, config: &DatabaseConfig);

    /// What `/health` says of it.
    fn details(&self) -> Vec<(&'static str, Value)>;

    /// How its replicas are.
    fn replicas(&self) -> Vec<ReplicaHealth> {
        Vec::new()
    }
}

/// One database of the configuration.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slot {
    /// The section, which is also its name in `/health`, in metrics and in logs: `database`, `databases.reports`.
    pub(crate) section: &'static str,
    /// The name of the component; none for `[database]`.
    pub(crate) name: Option<&'static str>,
}

impl Slot {
    pub(crate) const MAIN: Self = Self {
        section: "database",
        name: None,
    };

    /// The one of `[databases.NAME]`.
    pub(crate) fn named(name: &str) -> Self {
        Self {
            section: kept(&format!("databases.{name}")),
            name: Some(kept(name)),
        }
    }

    pub(crate) fn key<D: Wired>(self) -> ComponentKey {
        let key = ComponentKey::of::<D>();
        match self.name {
            Some(name) => key.named(name),
            None => key,
        }
    }

    /// Its section in the configuration of a running application.
    fn config(self, app: &AppContext) -> Option<DatabaseConfig> {
        match self.name {
            None => Some(DatabaseConfig::clone(&*app.config()?)),
            Some(name) => app.config::<DatabasesConfig>()?.of(name).cloned(),
        }
    }
}

/// Where a database is.
pub(crate) enum Place<D: Wired> {
    /// Where the configuration said when it was read.
    At(D::Target),
    /// Where it says when the database is opened: somebody starts a server for it, and says so then.
    Provided,
}

/// Registers a database that can be opened. Opens nothing.
pub(crate) fn database<D: Wired>(
    app: &mut AppBuilder,
    slot: Slot,
    place: Place<D>,
    config: &DatabaseConfig,
) {
    let key = slot.key::<D>();
    // It stands in for a URL, at the start and at each reload.
    let stand_in = match &place {
        Place::At(target) if config.url.is_none() => Some(target.clone()),
        Place::At(_) | Place::Provided => None,
    };
    app.fallback_component(key, Vec::new(), {
        let (config, context) = (config.clone(), context(app));
        move |resolver| {
            let (target, config) = match &place {
                Place::At(target) => (target.clone(), config.clone()),
                Place::Provided => {
                    let config = slot.config(resolver.app()).unwrap_or_default();
                    (D::target(&config, slot.section, &context)?, config)
                }
            };
            Ok(Box::pin(async move {
                Ok(Instance::new(D::open(target, &config, slot.section).await?))
            }))
        }
    });
    migrations::<D>(app, slot, config);

    app.health_of(move |resolver| {
        let limit = resolver
            .config::<HealthConfig>()
            .map_or(Duration::from_secs(1), |health| health.timeout)
            .mul_f64(0.9);
        Ok(resolver.component::<D>(slot.name).map(|db| {
            Arc::new(DatabaseHealth {
                db,
                name: slot.section,
                limit,
            }) as Arc<dyn HealthIndicator>
        }))
    });

    credentials::follow::<D>(app, slot);

    let context = context(app);
    app.on_config_change(move |app, change| {
        if !change.affects(slot.section) {
            return;
        }
        let Some(db) = app.components().get::<D>(slot.name) else {
            return;
        };
        let Some(config) = slot.config(app) else {
            return;
        };
        let target = match &stand_in {
            Some(target) if config.url.is_none() => Ok(target.clone()),
            _ => D::target(&config, slot.section, &context),
        };
        match target {
            Ok(target) => db.renew(target, &config),
            // Taken out of the configuration, or of another kind now: that needs a restart.
            Err(error) => tracing::warn!(
                target: "rustboot::config",
                database = slot.section,
                error = %error,
                "the database goes on as it was"
            ),
        }
    });

    // No dependency: naming one would build the component just to close it.
    app.hook(
        HookPhase::Close,
        slot.section,
        Vec::new(),
        move |resolver| {
            let db = resolver.component::<D>(slot.name);
            async move {
                match db {
                    Some(db) => db.close(CLOSE_LIMIT).await,
                    None => Ok(()),
                }
            }
        },
    );
}

pub(crate) fn context(app: &AppBuilder) -> Context {
    Context {
        #[cfg(any(feature = "postgres", feature = "mysql"))]
        app: app.app_info().name.to_owned(),
        #[cfg(feature = "sqlite")]
        base: app.base_dir().to_owned(),
    }
}

fn migrations<D: Wired>(app: &mut AppBuilder, slot: Slot, config: &DatabaseConfig) {
    let resources = app.app_info().resources;
    let migrations = match slot.name {
        None => Migrations::embedded(resources, D::Driver::FOLDER),
        Some(name) => Migrations::embedded_for(name, resources, D::Driver::FOLDER),
    };
    let migrations = match migrations {
        Ok(migrations) => Arc::new(migrations),
        Err(problems) => {
            for problem in problems {
                app.problem(problem);
            }
            return;
        }
    };
    let key = slot.key::<D>();
    app.migration_status(key, {
        let migrations = Arc::clone(&migrations);
        move |instance| {
            let migrations = Arc::clone(&migrations);
            async move {
                match instance.get::<D>() {
                    Some(db) => crate::migrate::status(db.tx_pool(), &migrations).await,
                    None => Ok(Vec::new()),
                }
            }
        }
    });
    // The command `migrate` migrates whatever the configuration says about the start.
    if config.migrate || !app.is_serving() {
        app.prepare(key, move |instance| {
            let migrations = Arc::clone(&migrations);
            async move {
                match instance.get::<D>() {
                    Some(db) => db.migrate(&migrations).await,
                    None => Ok(()),
                }
            }
        });
    }
}

/// Registers a database that cannot be opened as things are configured: a problem as soon as something needs it.
pub(crate) fn unavailable<D: Wired>(app: &mut AppBuilder, slot: Slot, problem: Problem) {
    let key = slot.key::<D>();
    app.fallback_component(key, Vec::new(), move |_| {
        Err(Error::new(
            ErrorKind::Configuration,
            format!("{}.url is not set, or not of this kind", slot.section),
        ))
    });
    app.unavailable(key, problem);
}
