//! The commands that every binary has: what they print, where, and their exit codes.

use serde_json::Value;

use crate::harness::{Sandbox, eventually};

#[tokio::test]
async fn check_says_that_it_would_start_and_opens_nothing() {
    let sandbox = Sandbox::new()
        .journal()
        .file("config/app.toml", "[unread]\nx = 1\n");
    let exit = sandbox.run(&["check"]).await;
    assert_eq!(exit.code, Some(0), "{exit:?}");
    assert!(
        exit.stdout
            .starts_with("ok: rustboot-conformance 0.1.0, profile dev: "),
        "{exit:?}"
    );
    assert!(exit.stdout.contains("module web is active"), "{exit:?}");
    assert!(
        exit.stdout
            .contains("warning: nothing reads the section [unread] (config/app.toml:1)"),
        "{exit:?}"
    );
    assert_eq!(exit.journal, [""; 0], "no hook runs");
}

#[tokio::test]
async fn check_connect_looks_at_health() {
    let exit = Sandbox::new().run(&["check", "--connect"]).await;
    assert_eq!(exit.code, Some(0), "{exit:?}");
    let exit = Sandbox::new()
        .env("APP_CONFORMANCE__STOCK", "down")
        .run(&["check", "--connect"])
        .await;
    assert_eq!(exit.code, Some(69), "{exit:?}");
    assert!(
        exit.stdout.contains("stock: Down, the shelf is empty"),
        "{exit:?}"
    );
}

/// A pipe into `jq` must never see a log line.
#[tokio::test]
async fn machine_readable_output_is_alone_on_stdout() {
    for (command, looks_right) in [
        (
            "config",
            (|json| json["server.port"]["origin"] == "env APP_SERVER__PORT") as fn(&Value) -> bool,
        ),
        ("routes", |json| {
            json.as_array().is_some_and(|routes| routes.len() > 20)
        }),
    ] {
        let exit = Sandbox::new()
            .env("RUST_LOG", "trace")
            .env("APP_UNKNOWN__KEY", "makes a warning")
            .run(&[command, "--format", "json"])
            .await;
        assert_eq!(exit.code, Some(0), "{exit:?}");
        let json: Value =
            serde_json::from_str(&exit.stdout).unwrap_or_else(|error| panic!("{error}: {exit:?}"));
        assert!(looks_right(&json), "{exit:?}");
    }
}

#[tokio::test]
async fn routes_are_listed_with_handler_and_place() {
    let exit = Sandbox::new().run(&["routes"]).await;
    assert_eq!(exit.code, Some(0), "{exit:?}");
    let line = exit
        .stdout
        .lines()
        .find(|line| line.contains(" /items/{id} ") && line.starts_with("GET"))
        .unwrap();
    assert!(
        line.contains("inputs::item (conformance/src/inputs.rs:"),
        "{line}"
    );
    assert!(
        exit.stdout
            .lines()
            .any(|line| line.starts_with("DELETE") && line.contains("/items/{id}")),
        "{exit:?}"
    );
}

#[tokio::test]
async fn version_and_help_work_whatever_is_configured() {
    let broken = || {
        Sandbox::new()
            .file("config/app.toml", "not toml")
            .env("APP_ENV", "nowhere")
    };
    for spelling in ["version", "--version", "-V"] {
        let exit = broken().run(&[spelling]).await;
        assert_eq!(exit.code, Some(0), "{exit:?}");
        assert!(
            exit.stdout
                .starts_with("rustboot-conformance 0.1.0 (rustc "),
            "{exit:?}"
        );
    }
    for spelling in ["help", "--help", "-h"] {
        let exit = broken().run(&[spelling]).await;
        assert_eq!(exit.code, Some(0), "{exit:?}");
        for command in [
            "run", "check", "config", "routes", "migrate", "health", "version",
        ] {
            let is_listed = exit
                .stdout
                .lines()
                .any(|line| line.trim_start().starts_with(&format!("{command} ")));
            assert!(is_listed, "{command} in {exit:?}");
        }
    }
}

#[tokio::test]
async fn an_unknown_command_or_option_gets_a_suggestion() {
    for (args, word, suggestion) in [
        (&["chekc"][..], "chekc", "did you mean `check`"),
        (&["config", "--fromat"], "--fromat", "did you mean --format"),
        (&["check", "conect"], "conect", "did you mean `--connect`"),
        (&["config", "defualt"], "defualt", "did you mean `default`"),
        (&["migrate", "statsu"], "statsu", "did you mean `status`"),
        (
            &["migrate", "status", "now"],
            "now",
            "`migrate` takes no `now`",
        ),
        (&["routes", "all"], "all", "`routes` takes no `all`"),
    ] {
        let exit = Sandbox::new().run(args).await;
        assert_eq!(exit.code, Some(1), "{exit:?}");
        assert_eq!(exit.stdout, "", "{exit:?}");
        assert!(
            exit.stderr.contains(word) && exit.stderr.contains(suggestion),
            "{exit:?}"
        );
    }
    // A folder that is not there has no configuration.
    let exit = Sandbox::new()
        .env("RUSTBOOT_BASE_DIR", "/nowhere")
        .run(&["check"])
        .await;
    assert_eq!(exit.code, Some(78), "{exit:?}");
    assert!(
        exit.stderr
            .contains("RUSTBOOT_BASE_DIR: /nowhere is no folder"),
        "{exit:?}"
    );
    // The filter is not used by the command, and wrong all the same.
    let exit = Sandbox::new()
        .env("RUST_LOG", "info,rustboot=debgu")
        .run(&["check"])
        .await;
    assert_eq!(exit.code, Some(78), "{exit:?}");
    assert!(exit.stderr.contains("debgu"), "{exit:?}");
    // Without a command it is a service that cannot start: stdout is its log, and has nothing but the reason.
    let exit = Sandbox::new().run(&["--fromat"]).await;
    assert_eq!(exit.code, Some(1), "{exit:?}");
    assert!(exit.stderr.contains("did you mean --format"), "{exit:?}");
    let log = exit.log();
    assert_eq!(log.len(), exit.stdout.lines().count(), "{exit:?}");
    assert!(log.iter().all(|line| line["level"] == "ERROR"), "{exit:?}");
    let exit = Sandbox::new().run(&["config", "--format", "yaml"]).await;
    assert_eq!(exit.code, Some(1), "{exit:?}");
    assert!(exit.stderr.contains("yaml"), "{exit:?}");
}

#[tokio::test]
async fn migrate_without_a_database_has_nothing_to_do() {
    let exit = Sandbox::new().journal().run(&["migrate"]).await;
    assert_eq!(exit.code, Some(0), "{exit:?}");
    assert!(exit.stdout.contains("nothing to migrate"), "{exit:?}");
    assert_eq!(exit.journal, [""; 0], "no hook runs");
}

#[tokio::test]
async fn health_asks_the_service_that_runs() {
    let service = Sandbox::new().start().await;
    let port = service.port().to_string();
    let exit = Sandbox::new()
        .env("APP_SERVER__PORT", &port)
        .run(&["health"])
        .await;
    assert_eq!(exit.code, Some(0), "{exit:?}");

    // In a container the service listens everywhere, and asks itself by that address.
    let exit = Sandbox::new()
        .env("APP_SERVER__PORT", &port)
        .env("APP_SERVER__HOST", "0.0.0.0")
        .run(&["health"])
        .await;
    assert_eq!(exit.code, Some(0), "{exit:?}");

    assert_eq!(service.stop().await.code, Some(0));
    let exit = Sandbox::new()
        .env("APP_SERVER__PORT", &port)
        .run(&["health"])
        .await;
    assert_eq!(exit.code, Some(1), "{exit:?}");
    assert!(exit.stderr.contains(&port), "{exit:?}");
}

#[tokio::test]
async fn health_is_1_while_the_service_is_not_ready() {
    let service = Sandbox::new()
        .env("APP_CONFORMANCE__STOCK", "down")
        .start()
        .await;
    eventually("/ready is 503", async || {
        service.get("/ready").await.status == 503
    })
    .await;
    let exit = Sandbox::new()
        .env("APP_SERVER__PORT", &service.port().to_string())
        .run(&["health"])
        .await;
    assert_eq!(exit.code, Some(1), "{exit:?}");
    assert!(exit.stderr.contains("503"), "{exit:?}");
}

/// `app` and `app run` are the same.
#[tokio::test]
async fn run_is_the_default_command() {
    let service = Sandbox::new().args(&["run"]).start().await;
    assert_eq!(service.get("/text").await.text(), "hello");
    assert_eq!(service.stop().await.code, Some(0));
}
