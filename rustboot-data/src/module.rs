//! Wires the databases that are compiled in.

use rustboot_core::app::Module;
use rustboot_core::config::Properties as _;
use rustboot_core::report::Problem;
use rustboot_core::{AppBuilder, Result};

use crate::config::{DatabaseConfig, DatabasesConfig, Kind};
use crate::error::classify;
use crate::wire::{self, Place, Slot, Wired};

/// Brings `SqliteDb`, `PgDb` and `MySqlDb` as components that are built when something needs them, or when their URL is set; with
/// each its migrations, its health, its metrics, and its end. `[database]` is the one without a name, `[databases.NAME]` are
/// taken by `#[named("NAME")]`.
#[derive(Debug, Clone, Copy, Default)]
pub struct DataModule;

impl Module for DataModule {
    fn name(&self) -> &str {
        "data"
    }

    async fn configure(&self, app: &mut AppBuilder) -> Result<()> {
        app.classify(classify);
        let main = app.config().map(|config| DatabaseConfig::clone(&*config));
        let others = app.config().map(|config| DatabasesConfig::clone(&*config));
        named_without_url(app);
        match &main {
            Ok(config) => configure_main(app, config),
            Err(_) => each_kind(app, |kind, app| {
                kind.unavailable(app, Slot::MAIN, invalid(Slot::MAIN))
            }),
        }
        if let Ok(others) = &others {
            for (name, config) in others.iter() {
                configure_named(app, Slot::named(name), config);
            }
        }
        main.and(others).map(|_| ())
    }
}

/// Does something for each kind of database that is compiled in.
fn each_kind(app: &mut AppBuilder, mut f: impl FnMut(&dyn Wiring, &mut AppBuilder)) {
    #[cfg(feature = "sqlite")]
    f(
        &Of::<crate::SqliteDb>(Kind::Sqlite, std::marker::PhantomData),
        app,
    );
    #[cfg(feature = "postgres")]
    f(
        &Of::<crate::PgDb>(Kind::Postgres, std::marker::PhantomData),
        app,
    );
    #[cfg(feature = "mysql")]
    f(
        &Of::<crate::MySqlDb>(Kind::MySql, std::marker::PhantomData),
        app,
    );
    let _ = (app, &mut f);
}

/// The wiring of one kind.
trait Wiring {
    fn kind(&self) -> Kind;
    fn type_name(&self) -> &'static str;
    fn open(&self, app: &mut AppBuilder, slot: Slot, config: &DatabaseConfig);
    /// Registers one for which somebody starts a server, when somebody can and something needs it.
    fn provided(&self, app: &mut AppBuilder, slot: Slot, config: &DatabaseConfig) -> bool;
    fn unavailable(&self, app: &mut AppBuilder, slot: Slot, problem: Problem);
}

struct Of<D>(Kind, std::marker::PhantomData<fn() -> D>);

impl<D: Wired> Wiring for Of<D> {
    fn kind(&self) -> Kind {
        self.0
    }

    fn type_name(&self) -> &'static str {
        D::TYPE
    }

    fn open(&self, app: &mut AppBuilder, slot: Slot, config: &DatabaseConfig) {
        // What is wrong with it is in the report already: the section is checked when it is bound.
        if let Ok(target) = D::target(config, slot.section, &wire::context(app)) {
            app.active(format!(
                "{} at {}, as {}.url says",
                self.0.name(),
                D::describe(&target),
                slot.section
            ));
            wire::database::<D>(app, slot, Place::At(target), config);
            app.require(slot.key::<D>());
        }
    }

    fn provided(&self, app: &mut AppBuilder, slot: Slot, config: &DatabaseConfig) -> bool {
        let Some(provider) = app.service_offered(self.0.feature()) else {
            return false;
        };
        app.active(format!(
            "{} from {provider} when something uses it: no {}.url is set",
            self.0.name(),
            slot.section
        ));
        wire::database::<D>(app, slot, Place::Provided, config);
        let url = format!("{}.url", slot.section);
        app.needs_service(slot.key::<D>(), self.0.feature(), url);
        true
    }

    fn unavailable(&self, app: &mut AppBuilder, slot: Slot, problem: Problem) {
        wire::unavailable::<D>(app, slot, problem);
    }
}

fn configure_main(app: &mut AppBuilder, config: &DatabaseConfig) {
    let configured = config.kind();
    let mut used = false;
    each_kind(app, |kind, app| match configured {
        Some(configured) if configured == kind.kind() => {
            used = true;
            kind.open(app, Slot::MAIN, config);
        }
        Some(configured) => {
            let problem = Problem::new(
                "database.url",
                format!(
                    "a URL of {}, and the component {} needs one of {}",
                    configured.name(),
                    kind.type_name(),
                    kind.kind().name()
                ),
            );
            kind.unavailable(app, Slot::MAIN, problem.note(kind.kind().help()));
        }
        None if kind.provided(app, Slot::MAIN, config) => used = true,
        #[cfg(feature = "sqlite")]
        None if kind.kind() == Kind::Sqlite && open_embedded(app, config) => used = true,
        None => kind.unavailable(app, Slot::MAIN, not_set(kind)),
    });
    if !used {
        let profile = app.profile().as_str().to_owned();
        app.inactive(format!(
            "no database.url is set, and the profile is {profile}"
        ));
    }
}

/// With no URL, `SqliteDb` is a file below the application's folder while people develop and test.
#[cfg(feature = "sqlite")]
fn open_embedded(app: &mut AppBuilder, config: &DatabaseConfig) -> bool {
    let profile = app.profile().as_str().to_owned();
    if profile != "dev" && profile != "test" {
        return false;
    }
    let path = format!("data/{}.db", app.app_info().name);
    app.active(format!(
        "SQLite at {path} when something uses it: no database.url is set, and the profile is {profile}"
    ));
    let target = crate::sqlite::Target::file(app.base_dir().join(path));
    wire::database::<crate::SqliteDb>(app, Slot::MAIN, Place::At(target), config);
    // It needs none to be started, but who needs one of another kind beside it has to give that one a name.
    app.needs_service(
        Slot::MAIN.key::<crate::SqliteDb>(),
        Kind::Sqlite.feature(),
        "database.url",
    );
    true
}

/// A database with a name is one that the configuration says where it is, unless somebody can start it.
fn named_without_url(app: &mut AppBuilder) {
    let mut is_offered = false;
    each_kind(app, |kind, app| {
        is_offered |= app.service_offered(kind.kind().feature()).is_some();
    });
    for name in app.names_below(DatabasesConfig::PREFIX) {
        let key = format!("{}.{name}.url", DatabasesConfig::PREFIX);
        if !is_offered && !app.has_value(&key) {
            app.config_problem(
                &key,
                "required, and not set",
                "set it, for example in config/app.toml",
            );
        }
    }
}

fn configure_named(app: &mut AppBuilder, slot: Slot, config: &DatabaseConfig) {
    let configured = config.kind();
    each_kind(app, |kind, app| match configured {
        Some(configured) if configured == kind.kind() => kind.open(app, slot, config),
        Some(_) => {}
        None => _ = kind.provided(app, slot, config),
    });
}

fn not_set(kind: &dyn Wiring) -> Problem {
    let problem = Problem::new("database.url", "required, and not set");
    let where_needed = match kind.kind() {
        Kind::Sqlite => ", outside of the profiles dev and test",
        _ => "",
    };
    problem
        .note(format!(
            "needed by the component {}{where_needed}",
            kind.type_name()
        ))
        .note(kind.kind().help())
}

fn invalid(slot: Slot) -> Problem {
    Problem::new(slot.section, "the configuration of it is not valid")
}
