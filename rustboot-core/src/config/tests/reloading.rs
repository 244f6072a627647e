//! Reading the configuration again.

use super::*;
use crate::app::RunningApp;
use crate::config::Config;

const FILE: &str = "[shop.labels]\n[shop]\n";

async fn start(world: &World) -> (RunningApp, Config<Shop>) {
    let mut builder = world.builder();
    let shop = builder.config::<Shop>().unwrap();
    (
        builder.assemble().await.unwrap().start().await.unwrap(),
        shop,
    )
}

fn write(world: &World, text: &str) {
    std::fs::write(
        world.path().join("config/app.toml"),
        format!("{FILE}{text}"),
    )
    .unwrap();
}

#[tokio::test]
async fn a_valid_change_is_seen_by_those_who_hold_the_section() {
    let world = World::new()
        .file("config/app.toml", FILE)
        .env("APP_SHOP__RATE", "2");
    let (app, shop) = start(&world).await;
    assert_eq!(shop.port, 1);
    write(&world, "port = 7\nrate = 9\n[health]\ntimeout = \"2s\"\n");
    let change = app.context().reload_config().await.unwrap();
    assert_eq!(change.keys, ["health.timeout", "shop.port"]);
    assert_eq!(change.needs_restart, ["health.timeout"]);
    assert!(change.affects("shop") && change.affects("shop.port") && !change.affects("sho"));
    assert_eq!(
        (shop.port, shop.rate),
        (7, 2.0),
        "the environment still wins"
    );
    assert_eq!(app.context().config::<Shop>().unwrap().port, 7);
    assert_eq!(
        app.context()
            .settings()
            .origin("shop.port")
            .unwrap()
            .to_string(),
        "config/app.toml:3"
    );
    let again = app.context().reload_config().await.unwrap();
    assert!(again.keys.is_empty());
    app.stop().await;
}

#[tokio::test]
async fn an_invalid_one_changes_nothing() {
    let world = World::new().file("config/app.toml", FILE);
    let (app, shop) = start(&world).await;
    for (text, expected) in [
        ("port = 7\nhold = 3\n", "shop.hold: expected a duration"),
        ("port = 7\nprot = 3\n", "shop.prot: unknown key"),
        ("port = 7\n\"", "not valid TOML"),
    ] {
        write(&world, text);
        let report = app.context().reload_config().await.unwrap_err().to_string();
        assert!(report.contains(expected), "{report}");
        assert_eq!(shop.port, 1);
    }
    app.stop().await;
}

/// What the configuration only names, such as a certificate, may have changed when no key did.
#[tokio::test]
async fn files_that_are_only_named_are_looked_at_again_by_every_valid_reload() {
    let world = World::new().file("config/app.toml", FILE);
    let mut builder = world.builder();
    let _shop = builder.config::<Shop>().unwrap();
    let (sender, mut heard) = tokio::sync::mpsc::unbounded_channel();
    builder.on_reload(move |_| sender.send(()).unwrap());
    builder.config_warning("the certificate is old");
    let assembly = builder.assemble().await.unwrap();
    assert_eq!(assembly.warnings(), ["the certificate is old"]);
    let app = assembly.start().await.unwrap();
    app.context().reload_config().await.unwrap();
    assert!(heard.try_recv().is_ok(), "no key changed");
    write(&world, "port = 7\n");
    app.context().reload_config().await.unwrap();
    assert!(heard.try_recv().is_ok(), "a key changed");
    write(&world, "port = \"x\"\n");
    app.context().reload_config().await.unwrap_err();
    assert!(heard.try_recv().is_err(), "not valid");
    app.stop().await;
}

#[tokio::test]
async fn listeners_hear_of_it_and_watched_files_are_noticed() {
    let world = World::new()
        .file("config/app.toml", FILE)
        .file("secrets/shop__api_key", "one")
        .env("APP_CONFIG__WATCH", "true");
    let mut builder = world.builder();
    let shop = builder.config::<Shop>().unwrap();
    let (sender, mut heard) = tokio::sync::mpsc::unbounded_channel();
    builder.on_config_change(move |_, change| sender.send(change.clone()).unwrap());
    let app = builder.assemble().await.unwrap().start().await.unwrap();
    // Rotated as a secret is: another length, or another time.
    std::fs::write(world.path().join("secrets/shop__api_key"), "another").unwrap();
    let change = tokio::time::timeout(Duration::from_secs(10), heard.recv())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(change.keys, ["shop.api_key"]);
    assert_eq!(shop.api_key.expose_secret(), "another");
    app.stop().await;
}

/// Tasks take their times once: a new one is named, and one that no start would accept is not accepted now.
#[tokio::test]
async fn keys_that_only_tasks_read_are_checked_and_need_a_restart() {
    use crate::schedule::{Period, TaskDef, TaskOptions, Trigger};
    let world = World::new().file("config/app.toml", "[cleanup]\nevery = \"1h\"\n");
    let mut builder = world.builder();
    builder.task(TaskDef {
        name: "cleanup",
        trigger: Trigger::Every(Period::Configured("${cleanup.every}")),
        options: TaskOptions::new(),
        location: Location::new("src/main.rs", 7),
        dependencies: Vec::new,
        call: |_| Ok(Box::pin(async { Ok(()) })),
    });
    let app = builder.assemble().await.unwrap().start().await.unwrap();
    let file = world.path().join("config/app.toml");
    std::fs::write(&file, "[cleanup]\nevery = \"2h\"\n").unwrap();
    let change = app.context().reload_config().await.unwrap();
    assert_eq!(change.needs_restart, ["cleanup.every"]);
    std::fs::write(&file, "[cleanup]\nevery = \"often\"\n").unwrap();
    let report = app.context().reload_config().await.unwrap_err().to_string();
    assert!(
        report.contains("cleanup.every: expected a duration with its unit")
            && report.contains("needed by #[scheduled] `cleanup` (src/main.rs:7)"),
        "{report}"
    );
    app.stop().await;
}
