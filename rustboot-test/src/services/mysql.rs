//! A database of its own. The application runs its migrations there: MySQL has no templates.

use rustboot_core::app::ProvidedService;
use rustboot_core::component::BoxFuture;
use rustboot_core::{AppInfo, Error, ErrorKind, Result};
use rustboot_servers::MariaDb;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, MySqlConnection};

use super::{Lent, server, unique_name};

struct Database {
    server: &'static MariaDb,
    name: String,
}

impl Lent for Database {
    fn give_back(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move {
            execute(
                self.server,
                format!("DROP DATABASE IF EXISTS `{}`", self.name),
            )
            .await
        })
    }
}

pub(super) async fn fresh(key: &str, _info: &AppInfo) -> Result<(ProvidedService, Box<dyn Lent>)> {
    let server = server(MariaDb::shared).await?;
    let name = unique_name();
    execute(server, format!("CREATE DATABASE `{name}`")).await?;
    let description = format!("the MySQL database {name}");
    let service = ProvidedService::at(key, server.url_of(&name), description);
    Ok((service, Box::new(Database { server, name })))
}

async fn execute(server: &MariaDb, sql: String) -> Result<()> {
    let refused = |error: sqlx::Error| {
        Error::new(
            ErrorKind::Unavailable,
            "the MySQL server of the tests refused",
        )
        .with_source(error)
    };
    let mut admin = MySqlConnection::connect(&server.url())
        .await
        .map_err(refused)?;
    // The names are ours.
    admin.execute(AssertSqlSafe(sql)).await.map_err(refused)?;
    admin.close().await.map_err(refused)
}
