//! Many replicas start at once; a migration fails; there is no database.

use std::time::Instant;

use crate::harness::Sandbox;
use crate::{blocking, database, ledger, server};

async fn sql(url: &str, sql: &'static str) -> String {
    let name = url.rsplit('/').next().unwrap().to_owned();
    blocking(move || server().execute_in(&name, sql).unwrap()).await
}

const LOCKS: &str = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_replicas_migrate_an_empty_database_once() {
    let url = database().await;
    let starting = (0..10).map(|_| ledger(&url).start());
    let services = futures_util::future::join_all(starting).await;
    let applied: usize = services
        .iter()
        .map(|service| {
            let log = service.log();
            log.iter()
                .filter(|line| line["migration"] == "migrations/0001_pair.sql")
                .count()
        })
        .sum();
    assert_eq!(applied, 1);
    assert_eq!(
        sql(&url, "SELECT count(*) FROM _sqlx_migrations WHERE success").await,
        "1"
    );
    assert_eq!(sql(&url, LOCKS).await, "0");
    for service in services {
        assert_eq!(service.get("/count").await.text(), "0");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migration_that_fails_fails_all_ten_and_leaves_no_lock() {
    let url = database().await;
    sql(&url, "CREATE TABLE pair (of_somebody_else int)").await;
    let running = (0..10).map(|_| ledger(&url).spawn().exit());
    for exit in futures_util::future::join_all(running).await {
        assert_eq!(exit.code, Some(1), "{exit:?}");
        let said = format!("{}{}", exit.stderr, exit.stdout);
        assert!(
            said.contains("migrations/0001_pair.sql:1, statement 1 (`CREATE TABLE pair ("),
            "{said}"
        );
        assert!(said.contains("already exists"), "{said}");
    }
    assert_eq!(sql(&url, LOCKS).await, "0");
    assert_eq!(sql(&url, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()").await, "0");
    // Repaired, it goes through.
    sql(&url, "DROP TABLE pair").await;
    let service = ledger(&url).start().await;
    assert_eq!(service.get("/count").await.text(), "0");
}

#[tokio::test]
async fn migrate_and_its_status_as_commands() {
    let url = database().await;
    let exit = ledger(&url).run(&["migrate", "status"]).await;
    assert_eq!(exit.code, Some(0), "{exit:?}");
    assert!(
        exit.stdout.contains("PgDb") && exit.stdout.contains("pending  migrations/0001_pair.sql"),
        "{exit:?}"
    );
    let exit = ledger(&url)
        .env("APP_DATABASE__MIGRATE", "false")
        .run(&["migrate"])
        .await;
    assert_eq!(exit.code, Some(0), "{exit:?}");
    let exit = ledger(&url).run(&["migrate", "status"]).await;
    assert!(
        exit.stdout.contains("applied  migrations/0001_pair.sql"),
        "{exit:?}"
    );
    let exit = ledger(&url).run(&["migrate", "statsu"]).await;
    assert_eq!(exit.code, Some(1), "{exit:?}");
    assert!(exit.stderr.contains("did you mean `status`?"), "{exit:?}");
}

/// That the database is not there follows from it, and is no problem of its own.
#[tokio::test]
async fn a_wrong_key_of_the_database_is_one_problem() {
    let url = "postgres://nobody@127.0.0.1/nothing";
    let wrong = ledger(url).env("APP_DATABASE__MAX_CONNECTIONS", "many");
    let exit = wrong.run(&["check"]).await;
    assert_eq!(exit.code, Some(78), "{exit:?}");
    assert!(
        exit.stderr.contains("the configuration has 1 problem\n"),
        "{exit:?}"
    );
    // A password that is not encoded is nowhere in what is said.
    let exit = ledger("postgres://app:12/s3cret@127.0.0.1/nothing")
        .run(&["check"])
        .await;
    assert_eq!(exit.code, Some(78), "{exit:?}");
    assert!(
        exit.stderr.contains("%2F") && !exit.stderr.contains("s3cret"),
        "{exit:?}"
    );
}

#[tokio::test]
async fn without_a_database_the_start_waits_and_then_says_so() {
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let url = format!("postgres://u:s3cret@127.0.0.1:{port}/shop");
    let began = Instant::now();
    let exit = ledger(&url)
        .env("APP_DATABASE__CONNECT_TIMEOUT", "600ms")
        .spawn()
        .exit()
        .await;
    assert_eq!(exit.code, Some(69), "{exit:?}");
    assert!(began.elapsed().as_millis() >= 300);
    let said = format!("{}{}", exit.stderr, exit.stdout);
    assert!(said.contains(&format!("127.0.0.1:{port}/shop")), "{said}");
    assert!(said.contains("cannot be reached yet"), "{said}");
    assert!(!said.contains("s3cret"), "{said}");

    let exit = Sandbox::of(env!("CARGO_BIN_EXE_ledger"))
        .env("APP_ENV", "prod")
        .spawn()
        .exit()
        .await;
    assert_eq!(exit.code, Some(78), "{exit:?}");
    assert!(
        exit.stderr.contains("database.url: required, and not set"),
        "{exit:?}"
    );
    assert!(exit.stderr.contains("DATABASE_URL"), "{exit:?}");
}

#[tokio::test]
async fn named_databases_are_configuration_like_any_other() {
    let run = async |args: &[&str]| {
        let exit = ledger("postgres://u:s3cret@h/d")
            .env(
                "APP_DATABASES__REPORTS__URL",
                "postgres://u:s3cret@h/d?options=s3cret",
            )
            .env("APP_DATABASES__REPORTS__MAX_CONNECTIONS", "7")
            .env(
                "APP_DATABASES__REPORTS__REPLICAS",
                "postgres://u:s3cret@r/d,postgres://u:s3cret@s/d",
            )
            .run(args)
            .await;
        assert_eq!(exit.code, Some(0), "{exit:?}");
        assert!(!format!("{exit:?}").contains("s3cret"), "{exit:?}");
        exit.stdout
    };
    let shown: serde_json::Value =
        serde_json::from_str(&run(&["config", "--format", "json"]).await).unwrap();
    assert_eq!(shown["databases.reports.url"]["value"], "***", "{shown}");
    assert_eq!(
        shown["databases.reports.replicas"]["value"],
        serde_json::json!(["***"]),
        "{shown}"
    );
    assert_eq!(
        shown["databases.reports.max_connections"]["value"], 7,
        "{shown}"
    );
    let schema: serde_json::Value =
        serde_json::from_str(&run(&["config", "schema"]).await).unwrap();
    let entry = &schema["properties"]["databases"]["additionalProperties"];
    assert_eq!(entry["properties"]["url"]["writeOnly"], true, "{entry}");
    assert_eq!(entry["additionalProperties"], false, "{entry}");
    let default = run(&["config", "default"]).await;
    assert!(default.contains("# [databases.NAME]"), "{default}");
    let checked = run(&["check"]).await;
    assert!(
        checked.contains("PostgreSQL at h:5432/d, as databases.reports.url says"),
        "{checked}"
    );
}
