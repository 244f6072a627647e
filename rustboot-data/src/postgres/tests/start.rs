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

#[tokio::test]
async fn a_replica_is_read_from_while_it_is_alive_and_not_behind() {
    let server = server::shared().await;
    let (primary, replica) = (server.database().await, server.database().await);
    let mut config = config(&primary);
    config.replicas = vec![
        replica.clone().into(),
        "postgres://postgres@127.0.0.1:1/nowhere".to_owned().into(),
    ];
    let db = PgDb::connect(&config).await.unwrap();
    let where_it_reads = async || -> String {
        sqlx::query_scalar("SELECT current_database()::text")
            .fetch_one(db.read())
            .await
            .unwrap()
    };
    let name = replica.rsplit('/').next().unwrap();
    until("the replica is found", async || {
        where_it_reads().await == name
    })
    .await;
    for _ in 0..10 {
        assert_eq!(where_it_reads().await, name, "the dead one is passed over");
    }
    let health = crate::wire::Wired::replicas(&db);
    assert_eq!(health.iter().filter(|one| one.read_from).count(), 1);
    // It goes away.
    sqlx::query(sqlx::AssertSqlSafe(format!(
        "ALTER DATABASE {name} ALLOW_CONNECTIONS false"
    )))
    .execute(&db)
    .await
    .unwrap();
    sqlx::query(sqlx::AssertSqlSafe(format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    )))
    .execute(&db)
    .await
    .unwrap();
    until("the primary is read from", async || {
        sqlx::query_scalar::<_, String>("SELECT current_database()::text")
            .fetch_one(db.read())
            .await
            .is_ok_and(|now| now != name)
    })
    .await;
    db.close(Duration::from_secs(5)).await.unwrap();
}

/// A replica by streaming replication, which falls behind and catches up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_is_behind_is_not_read_from() {
    let (primary, replica) = tokio::task::spawn_blocking(|| {
        let primary = server::Server::start();
        let replica = primary.replica();
        (primary, replica)
    })
    .await
    .unwrap();
    let url = primary.database().await;
    let mut config = config(&url);
    let of_replica = url.replace(
        &format!(":{}/", primary.port),
        &format!(":{}/", replica.port),
    );
    config.replicas = vec![of_replica.clone().into()];
    config.max_replica_lag = Duration::from_secs(2);
    let db = PgDb::connect(&config).await.unwrap();
    make_table(&db).await;
    let reads_from_replica = async || -> bool {
        sqlx::query_scalar("SELECT pg_is_in_recovery()")
            .fetch_one(db.read())
            .await
            .unwrap()
    };
    until("the replica is read from", &reads_from_replica).await;
    // It stays fit while nothing happens on the primary, however old the last transaction gets.
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(reads_from_replica().await);

    let on_replica = PgDb::connect(&super::config(&of_replica)).await.unwrap();
    sqlx::query("SELECT pg_wal_replay_pause()")
        .execute(&on_replica)
        .await
        .unwrap();
    until("it falls behind", async || {
        sqlx::query("INSERT INTO item (name) VALUES (random()::text)")
            .execute(&db)
            .await
            .unwrap();
        !reads_from_replica().await
    })
    .await;
    let health = crate::wire::Wired::replicas(&db);
    assert!(
        health[0].alive && !health[0].read_from && health[0].lag_ms > 2000,
        "{health:?}"
    );
    sqlx::query("SELECT pg_wal_replay_resume()")
        .execute(&on_replica)
        .await
        .unwrap();
    until("it has caught up", &reads_from_replica).await;
    let there = count(&db).await;
    until("what was written is there", async || {
        let seen: i64 = sqlx::query_scalar("SELECT count(*) FROM item")
            .fetch_one(&on_replica)
            .await
            .unwrap();
        seen == there
    })
    .await;
}
