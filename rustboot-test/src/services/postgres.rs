//! A database from a template: migrations run once, and each test begins with a copy of what they made.
//!
//! The template belongs to the migrations that made it: its name has their hash. On a server that outlives the tests
//! (`RUSTBOOT_TEST_POSTGRES_URL`) it stays, and the next run finds it. It is made under a lock of the server, and has its name only when it is
//! complete, so that any number of test processes may share a server.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use rustboot_core::app::ProvidedService;
use rustboot_core::component::BoxFuture;
use rustboot_core::{AppInfo, Error, ErrorKind, Result, Secret};
use rustboot_data::{DatabaseConfig, Migrations, PgDb};
use rustboot_servers::Postgres;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

use super::{Lent, server, unique_name};

/// The folder of migrations that are for PostgreSQL alone.
const DRIVER: &str = "postgres";

/// How long the last connections of a pool may take to end.
const CLOSE_LIMIT: std::time::Duration = std::time::Duration::from_secs(5);

struct Database {
    server: &'static Postgres,
    name: String,
}

impl Lent for Database {
    fn give_back(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move {
            let mut admin = admin(self.server).await?;
            let drop = format!("DROP DATABASE IF EXISTS \"{}\" WITH (FORCE)", self.name);
            execute(&mut admin, drop).await?;
            admin.close().await.map_err(refused)
        })
    }
}

pub(super) async fn fresh(key: &str, info: &AppInfo) -> Result<(ProvidedService, Box<dyn Lent>)> {
    let server = server(Postgres::shared).await?;
    let mut admin = admin(server).await?;
    let name = unique_name();
    let create = match template(server, &mut admin, key, info).await? {
        Some(template) => format!("CREATE DATABASE \"{name}\" TEMPLATE \"{template}\""),
        None => format!("CREATE DATABASE \"{name}\""),
    };
    execute(&mut admin, create).await?;
    admin.close().await.map_err(refused)?;
    let description = format!("the PostgreSQL database {name}");
    let service = ProvidedService::at(key, server.url_of(&name), description);
    Ok((service, Box::new(Database { server, name })))
}

/// The name of the template with the migrations in it. None when there are no migrations, or they do not run: the
/// application then runs them itself, and fails with all that there is to say.
async fn template(
    server: &Postgres,
    admin: &mut PgConnection,
    key: &str,
    info: &AppInfo,
) -> Result<Option<String>> {
    let database = key
        .split('.')
        .nth(1)
        .filter(|_| key.starts_with("databases."));
    let migrations = match database {
        Some(database) => Migrations::embedded_for(database, info.resources, DRIVER),
        None => Migrations::embedded(info.resources, DRIVER),
    };
    let migrations = match migrations {
        Ok(migrations) if !info.resources.is_empty() => migrations,
        _ => return Ok(None),
    };
    let lock = hash(info, database);
    let name = format!("rustboot_template_{lock:016x}");
    #[allow(clippy::cast_possible_wrap, reason = "any number will do")]
    let lock = lock as i64;
    query(admin, "SELECT pg_advisory_lock($1)", lock).await?;
    let made = make_template(server, admin, &name, &migrations).await;
    query(admin, "SELECT pg_advisory_unlock($1)", lock).await?;
    Ok(made?.then_some(name))
}

async fn make_template(
    server: &Postgres,
    admin: &mut PgConnection,
    name: &str,
    migrations: &Migrations,
) -> Result<bool> {
    let there: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
            .bind(name)
            .fetch_one(&mut *admin)
            .await
            .map_err(refused)?;
    if there {
        return Ok(true);
    }
    let draft = format!("{name}_draft");
    // From a process that was killed at it.
    execute(
        admin,
        format!("DROP DATABASE IF EXISTS \"{draft}\" WITH (FORCE)"),
    )
    .await?;
    execute(admin, format!("CREATE DATABASE \"{draft}\"")).await?;
    let mut config = DatabaseConfig::default();
    config.url = Some(Secret::new(server.url_of(&draft)));
    let db = PgDb::connect(&config).await?;
    let migrated = db.migrate(migrations).await;
    db.close(CLOSE_LIMIT).await?;
    if migrated.is_err() {
        execute(admin, format!("DROP DATABASE \"{draft}\" WITH (FORCE)")).await?;
        return Ok(false);
    }
    execute(
        admin,
        format!("ALTER DATABASE \"{draft}\" RENAME TO \"{name}\""),
    )
    .await?;
    Ok(true)
}

/// Of everything that may make a difference to what is in the template.
fn hash(info: &AppInfo, database: Option<&str>) -> u64 {
    let mut hasher = DefaultHasher::new();
    (env!("CARGO_PKG_VERSION"), info.name, database).hash(&mut hasher);
    for resource in info.resources {
        (resource.path, resource.contents).hash(&mut hasher);
    }
    hasher.finish()
}

async fn admin(server: &Postgres) -> Result<PgConnection> {
    PgConnection::connect(&server.url()).await.map_err(|error| {
        Error::new(
            ErrorKind::Unavailable,
            "the PostgreSQL server of the tests does not let us in",
        )
        .with_source(error)
    })
}

async fn execute(admin: &mut PgConnection, sql: String) -> Result<()> {
    // The names are ours.
    admin.execute(AssertSqlSafe(sql)).await.map_err(refused)?;
    Ok(())
}

async fn query(admin: &mut PgConnection, sql: &'static str, argument: i64) -> Result<()> {
    let query = sqlx::query(sql).bind(argument);
    query.execute(admin).await.map_err(refused)?;
    Ok(())
}

fn refused(error: sqlx::Error) -> Error {
    Error::new(
        ErrorKind::Unavailable,
        "the PostgreSQL server of the tests refused",
    )
    .with_source(error)
}
