//! The module in an application.

use rustboot_core::app::{Assembly, Resource, StartError};
use rustboot_core::component::{ComponentKey, Dependency, Wiring};
use rustboot_core::config::{Profile, Sources};
use rustboot_core::source::Location;
use rustboot_core::{AppBuilder, AppInfo};

use super::*;
use crate::DataModule;

static FILES: &[Resource] = &[Resource {
    path: "migrations/0001_item.sql",
    contents: "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT);",
}];
static TWICE: &[Resource] = &[
    Resource {
        path: "migrations/0001_item.sql",
        contents: "SELECT 1;",
    },
    Resource {
        path: "migrations/1_other.sql",
        contents: "SELECT 1;",
    },
    Resource {
        path: "migrations/latest.sql",
        contents: "SELECT 1;",
    },
];

struct Start<'a> {
    dir: &'a TempDir,
    profile: &'a str,
    url: Option<&'a str>,
    needed: bool,
    resources: &'static [Resource],
}

impl Start<'_> {
    async fn assemble(&self) -> std::result::Result<Assembly, StartError> {
        let mut sources = Sources::empty(self.dir.path());
        sources
            .environment
            .push(("APP_ENV".to_owned(), self.profile.to_owned()));
        let no_delay = ("APP_LIFECYCLE__DRAIN_DELAY".to_owned(), "0s".to_owned());
        sources.environment.push(no_delay);
        sources.profile = (self.profile == "test").then(Profile::test);
        if let Some(url) = self.url {
            sources
                .environment
                .push(("DATABASE_URL".to_owned(), url.to_owned()));
        }
        let mut info = AppInfo::new("shop", "1.0.0");
        info.resources = self.resources;
        let mut app = AppBuilder::new(info);
        app.sources(sources)
            .without_collected_items()
            .module(DataModule);
        if self.needed {
            app.wiring(Wiring {
                consumer: "handler `items`".to_owned(),
                location: Location::new("src/main.rs", 7),
                dependencies: vec![Dependency::required(ComponentKey::of::<SqliteDb>())],
            });
        }
        app.assemble().await
    }
}

#[cfg(not(feature = "postgres"))]
#[tokio::test]
async fn a_url_that_nobody_can_open_is_in_the_report_without_its_password() {
    let dir = tempfile::tempdir().unwrap();
    let start = Start {
        dir: &dir,
        profile: "prod",
        url: Some("postgres://u:hunter2@h/db"),
        needed: false,
        resources: &[],
    };
    let error = start.assemble().await.unwrap_err();
    let text = error.to_string();
    assert_eq!(error.exit_code(), 78);
    assert!(
        text.contains("database.url: a URL of PostgreSQL, which is not compiled in"),
        "{text}"
    );
    assert!(text.contains("feature `postgres`"), "{text}");
    assert!(text.contains("DATABASE_URL"), "{text}");
    assert!(!format!("{text} {error:?}").contains("hunter2"), "{text}");
}

#[tokio::test]
async fn in_dev_and_test_a_file_stands_in_and_is_made_only_when_it_is_needed() {
    for profile in ["dev", "test"] {
        let dir = tempfile::tempdir().unwrap();
        let mut start = Start {
            dir: &dir,
            profile,
            url: None,
            needed: false,
            resources: FILES,
        };
        let app = start.assemble().await.unwrap();
        let condition = &app.context().conditions()[0];
        assert!(condition.active);
        assert!(
            condition.reason.contains("data/shop.db"),
            "{}",
            condition.reason
        );
        let app = app.start().await.unwrap();
        assert!(!dir.path().join("data").exists());
        assert_eq!(app.stop().await, 0);

        start.needed = true;
        let app = start.assemble().await.unwrap().start().await.unwrap();
        let db = app.context().component::<SqliteDb>().unwrap();
        insert(&db, "a").await.unwrap();
        let health = app.context().component_health("database").await.unwrap();
        assert!(health.critical);
        assert_eq!(health.health.details["pool"]["max"], 10);
        assert_eq!(app.stop().await, 0);
        assert!(dir.path().join("data/shop.db").is_file());
        assert!(
            !dir.path().join("data/shop.db-wal").exists(),
            "it was closed in order"
        );
        insert(&db, "b").await.unwrap_err();
    }
}

#[tokio::test]
async fn elsewhere_a_url_is_required_only_by_who_needs_the_database() {
    let dir = tempfile::tempdir().unwrap();
    let mut start = Start {
        dir: &dir,
        profile: "prod",
        url: None,
        needed: false,
        resources: &[],
    };
    let app = start.assemble().await.unwrap();
    assert!(!app.context().conditions()[0].active);
    start.needed = true;
    let error = start.assemble().await.unwrap_err();
    assert_eq!(error.exit_code(), 78);
    assert!(error.to_string().contains("set DATABASE_URL"), "{error}");
}

#[tokio::test]
async fn a_url_opens_the_database_even_when_nobody_asks() {
    let dir = tempfile::tempdir().unwrap();
    let start = Start {
        dir: &dir,
        profile: "prod",
        url: Some("sqlite:app.db"),
        needed: false,
        resources: FILES,
    };
    let app = start.assemble().await.unwrap();
    assert_eq!(
        app.context().conditions()[0].reason,
        "SQLite at app.db, as database.url says"
    );
    let app = app.start().await.unwrap();
    assert_eq!(
        count(&app.context().component::<SqliteDb>().unwrap()).await,
        0
    );
    app.stop().await;
}

#[tokio::test]
async fn files_that_cannot_be_migrations_are_in_the_report() {
    let dir = tempfile::tempdir().unwrap();
    let start = Start {
        dir: &dir,
        profile: "dev",
        url: None,
        needed: false,
        resources: TWICE,
    };
    let text = start.assemble().await.unwrap_err().to_string();
    assert!(text.contains("the version 1 is there twice"), "{text}");
    assert!(
        text.contains("migrations/latest.sql: the name has to be"),
        "{text}"
    );
}

#[cfg(feature = "axum")]
#[tokio::test]
async fn a_handler_takes_it_as_a_parameter() {
    use axum_core::extract::FromRequestParts as _;
    let dir = tempfile::tempdir().unwrap();
    let start = Start {
        dir: &dir,
        profile: "dev",
        url: Some("sqlite:app.db"),
        needed: true,
        resources: FILES,
    };
    let app = start.assemble().await.unwrap().start().await.unwrap();
    let (mut parts, ()) = http::Request::new(()).into_parts();
    let db = SqliteDb::from_request_parts(&mut parts, app.context())
        .await
        .unwrap();
    assert_eq!(count(&db).await, 0);
    app.stop().await;
}

/// The file that stands in for a URL has no URL at a reload either.
#[tokio::test]
async fn a_reload_reaches_the_file_that_stands_in() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("config")).unwrap();
    let configure = |max: usize| {
        let file = format!("[database]\nmax_connections = {max}\n");
        std::fs::write(dir.path().join("config/app.toml"), file).unwrap();
    };
    configure(3);
    let start = Start {
        dir: &dir,
        profile: "dev",
        url: None,
        needed: true,
        resources: FILES,
    };
    let app = start.assemble().await.unwrap().start().await.unwrap();
    let db = app.context().component::<SqliteDb>().unwrap();
    assert_eq!(db.status().max, 3);
    configure(5);
    app.context().reload_config().await.unwrap();
    assert_eq!(db.status().max, 5);
    app.stop().await;
}
