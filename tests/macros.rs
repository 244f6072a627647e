//! What the macros make, used as an application uses it.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on should say where"
)]

#[cfg(feature = "cache")]
#[path = "macros/cached.rs"]
mod cached;

use std::collections::BTreeMap;
use std::time::Duration;

use rustboot::core::config::Arguments;
use rustboot::prelude::*;
use rustboot::{AppInfo, Sources, StartError, garde};

/// Retries of anything that goes over the network.
#[config]
#[derive(Debug, Clone)]
struct Retry {
    /// How often.
    #[config(default = 3)]
    attempts: u8,
    #[config(default = "100ms")]
    pause: Duration,
    token: Option<Secret<u32>>,
}

#[config(prefix = "client")]
#[derive(Debug, garde::Validate)]
struct Client {
    #[garde(length(min = 3))]
    #[serde(rename = "base-name")]
    base: String,
    #[config(default = 5)]
    #[garde(range(min = 1, max = 10))]
    connections: u16,
    #[serde(flatten)]
    #[garde(skip)]
    retry: Retry,
    #[config(default)]
    #[garde(skip)]
    headers: BTreeMap<String, u16>,
}

fn app(toml: &str, environment: &[(&str, &str)]) -> (tempfile::TempDir, AppBuilder) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("config")).unwrap();
    std::fs::write(dir.path().join("config/app.toml"), toml).unwrap();
    let mut sources = Sources::empty(dir.path());
    sources.environment = environment
        .iter()
        .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
        .collect();
    sources.arguments = Arguments::parse(["check"]);
    let mut app = AppBuilder::new(AppInfo::new("test", "1.0.0"));
    app.sources(sources).without_collected_items();
    (dir, app)
}

async fn report(toml: &str, environment: &[(&str, &str)]) -> String {
    let (_dir, mut app) = app(toml, environment);
    let _reported = app.config::<Client>().is_ok();
    match app.assemble().await {
        Err(StartError::Report(report)) => report.to_string(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_flattened_part_keeps_types_keys_and_origins() {
    let toml = "[client]\nbase-name = \"api\"\nattempts = 7\n[client.headers]\na = 1\n";
    let (_dir, mut app) = app(
        toml,
        &[("APP_CLIENT__PAUSE", "2s"), ("APP_CLIENT__HEADERS__B", "2")],
    );
    let client = app.config::<Client>().unwrap();
    assert_eq!(client.base, "api");
    assert_eq!(
        (client.retry.attempts, client.retry.pause),
        (7, Duration::from_secs(2))
    );
    assert!(client.retry.token.is_none());
    assert_eq!(
        client.headers,
        BTreeMap::from([("a".into(), 1), ("b".into(), 2)])
    );
    assert_eq!(
        app.origin("client.pause").unwrap().to_string(),
        "env APP_CLIENT__PAUSE"
    );

    let report = report(
        "[client]\nbase-name = \"api\"\nattempts = 700\nattemps = 1\n",
        &[
            ("APP_CLIENT__PAUSE", "soon"),
            ("APP_CLIENT__TOKEN", "canary"),
        ],
    )
    .await;
    for expected in [
        "client.attempts: expected a number from 0 to 255, found 700\n     set in config/app.toml:3",
        "client.attemps: unknown key, did you mean `attempts`?\n     set in config/app.toml:4",
        "client.pause: expected a duration with its unit, such as 250ms, 30s, 5m or 1h30m, found \"soon\"",
        "set by the environment variable APP_CLIENT__PAUSE",
        "client.token: expected a number from 0 to 4294967295, found a value that is not shown here",
    ] {
        assert!(report.contains(expected), "{expected}\n{report}");
    }
    assert!(!report.contains("canary"));
}

#[tokio::test]
async fn broken_rules_are_in_the_report_with_their_origin() {
    let report = report(
        "[client]\nbase-name = \"api\"\n",
        &[("APP_CLIENT__CONNECTIONS", "11")],
    )
    .await;
    assert!(
        report.contains("client.connections: greater than 10\n     set by the environment variable APP_CLIENT__CONNECTIONS"),
        "{report}"
    );
}
