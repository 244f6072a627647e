//! What the module brings, seen from an application.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on should say where"
)]

use std::process::Command;

use geo::{Countries, Geo};
use rustboot::core::config::Arguments;
use rustboot::core::health::Status;
use rustboot::prelude::*;
use rustboot::{App, Sources, tokio};

fn builder(arguments: &[&str]) -> AppBuilder {
    let mut sources = Sources::empty("/nonexistent");
    let all = ["--server.port=0", "--log.level=off"]
        .iter()
        .chain(arguments);
    sources.arguments = Arguments::parse(all.copied());
    let mut app = App::builder();
    app.sources(sources).without_collected_items().module(Geo);
    app
}

#[tokio::test]
async fn it_answers_and_says_how_it_is() {
    let mut app = builder(&[]);
    app.override_value("geo.networks.DE", "10.");
    let app = app.assemble().await.unwrap().start().await.unwrap();
    let context = app.context();
    assert_eq!(
        context.component::<Countries>().unwrap().of("10.1.2.3"),
        "DE"
    );
    assert_eq!(
        context.component_health("geo").await.unwrap().health.status,
        Status::Up
    );
    let condition = context
        .conditions()
        .iter()
        .find(|known| known.module == "geo")
        .unwrap();
    assert_eq!(
        (condition.active, condition.reason.as_str()),
        (true, "1 networks")
    );
    assert!(
        context
            .endpoints()
            .iter()
            .any(|endpoint| endpoint.path == "/geo/{address}")
    );
    assert_eq!(app.stop().await, 0);
}

#[tokio::test]
async fn without_networks_it_is_inactive_and_degraded() {
    let app = builder(&[])
        .assemble()
        .await
        .unwrap()
        .start()
        .await
        .unwrap();
    let context = app.context();
    assert_eq!(
        context.component::<Countries>().unwrap().of("10.1.2.3"),
        "unknown"
    );
    assert_eq!(context.health_report().await.status, Status::Degraded);
    assert!(
        context
            .conditions()
            .iter()
            .any(|known| known.module == "geo" && !known.active)
    );
    assert_eq!(app.stop().await, 0);
}

#[tokio::test]
async fn a_mistake_in_its_section_is_in_the_one_report() {
    let report = builder(&["--geo.defualt=x"])
        .assemble()
        .await
        .unwrap_err()
        .to_string();
    assert!(
        report.contains("geo.defualt: unknown key, did you mean `default`?"),
        "{report}"
    );
}

#[test]
fn its_command_is_one_of_the_binary() {
    let output = Command::new(env!("CARGO_BIN_EXE_module"))
        .arg("geo")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(stdout, "DE 10.\nFR 10.1.\n");
}
