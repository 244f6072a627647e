//! The module in an application.

use rustboot_core::app::{Assembly, Resource, RunningApp, StartError};
use rustboot_core::component::{ComponentKey, Dependency, Wiring};
use rustboot_core::config::Sources;
use rustboot_core::source::Location;
use rustboot_core::{AppBuilder, AppInfo};
use tempfile::TempDir;

use super::*;
use crate::DataModule;

static FILES: &[Resource] = &[
    Resource {
        path: "migrations/0001_item.sql",
        contents: "CREATE TABLE main_item (id int);",
    },
    Resource {
        path: "migrations/reports/0001_item.sql",
        contents: "CREATE TABLE report_item (id int);",
    },
];

async fn assemble(
    dir: &TempDir,
    file: &str,
    needs: Option<ComponentKey>,
) -> std::result::Result<Assembly, StartError> {
    std::fs::create_dir_all(dir.path().join("config")).unwrap();
    std::fs::write(dir.path().join("config/app.toml"), file).unwrap();
    let mut sources = Sources::empty(dir.path());
    if let Some((_, url)) = file.split_once("# in a variable: ") {
        let name = "APP_DATABASES__REPORTS__URL".to_owned();
        sources.environment.push((name, url.trim().to_owned()));
    }
    let no_delay = ("APP_LIFECYCLE__DRAIN_DELAY".to_owned(), "0s".to_owned());
    sources.environment.push(no_delay);
    let mut info = AppInfo::new("shop", "1.0.0");
    info.resources = FILES;
    let mut app = AppBuilder::new(info);
    app.sources(sources)
        .without_collected_items()
        .module(DataModule);
    if let Some(key) = needs {
        app.wiring(Wiring {
            consumer: "the test".to_owned(),
            location: Location::new("test.rs", 1),
            dependencies: vec![Dependency::required(key)],
        });
    }
    app.assemble().await
}

async fn start(dir: &TempDir, file: &str) -> RunningApp {
    assemble(dir, file, None)
        .await
        .unwrap()
        .start()
        .await
        .unwrap()
}

#[tokio::test]
async fn without_a_url_the_report_says_what_to_set() {
    let dir = tempfile::tempdir().unwrap();
    let key = ComponentKey::of::<PgDb>();
    let report = assemble(&dir, "", Some(key)).await.unwrap_err().to_string();
    for part in [
        "database.url: required, and not set",
        "needed by the component PgDb",
        "set DATABASE_URL, for example to postgres://",
        "file named database_url in /run/secrets",
    ] {
        assert!(report.contains(part), "{part} is not in\n{report}");
    }
    let other = "[database]\nurl = 'sqlite:s3cret.db'\n";
    let report = assemble(&dir, other, Some(key))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        report.contains("database.url") && !report.contains("s3cret"),
        "{report}"
    );
    // Nobody needs it, nothing is wrong.
    assemble(&dir, "", None).await.unwrap();
}

#[tokio::test]
async fn several_databases_each_with_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let server = server::shared().await;
    let (main, reports) = (server.database().await, server.database().await);
    let file = format!(
        "[database]\nurl = '{main}'\nmax_connections = 2\n[databases.reports]\nmax_connections = 7\n# in a variable: {reports}\n"
    );
    let app = start(&dir, &file).await;
    let context = app.context();
    let main = context.components().get::<PgDb>(None).unwrap();
    let reports = context.components().get::<PgDb>(Some("reports")).unwrap();
    assert_eq!((main.status().max, reports.status().max), (2, 7));
    sqlx::query("SELECT id FROM main_item")
        .execute(&*main)
        .await
        .unwrap();
    sqlx::query("SELECT id FROM report_item")
        .execute(&*reports)
        .await
        .unwrap();
    sqlx::query("SELECT id FROM report_item")
        .execute(&*main)
        .await
        .unwrap_err();
    let health = format!("{:?}", context.health_report().await);
    assert!(health.contains("databases.reports"), "{health}");
    assert!(context.component_health("database").await.is_some());
    assert!(
        context
            .component_health("databases.reports")
            .await
            .is_some()
    );

    // A reload resizes one and leaves the other alone.
    std::fs::write(
        dir.path().join("config/app.toml"),
        file.replace("max_connections = 7", "max_connections = 9"),
    )
    .unwrap();
    let change = context.reload_config().await.unwrap();
    assert_eq!(change.keys, ["databases.reports.max_connections"]);
    assert!(change.needs_restart.is_empty());
    assert_eq!((main.status().max, reports.status().max), (2, 9));
    app.stop().await;
}

#[tokio::test]
async fn mistakes_in_a_named_database_are_in_the_report() {
    let dir = tempfile::tempdir().unwrap();
    let file = "[databases.a]\nurll = 'postgres://u:s3cret@h/d'\n[databases.b]\nurl = 'postgres://h/d'\nmax_connections = 0\n[databases.mysql]\nurl='postgres://h/d'\n";
    let report = assemble(&dir, file, None).await.unwrap_err().to_string();
    for part in [
        "databases.a.url: required, and not set",
        "databases.a.urll: unknown key, did you mean `url`?",
        "databases.b.max_connections: expected at least 1",
        "databases.mysql",
    ] {
        assert!(report.contains(part), "{part} is not in\n{report}");
    }
    assert!(!report.contains("s3cret"), "{report}");
}
