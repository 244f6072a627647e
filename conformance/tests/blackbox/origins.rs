//! Which layer of the configuration wins, and what `config` says about where a value came from.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

use serde_json::{Value, json};

use crate::harness::Sandbox;

/// A port that is free, and that nobody gets by asking for port 0: below the range of ephemeral ports.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = 12_000 + u16::try_from(std::process::id() % 15_000).unwrap();
    loop {
        let port = start + NEXT.fetch_add(1, Ordering::Relaxed);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// What `config --format json` prints.
async fn effective(sandbox: Sandbox) -> Value {
    let exit = sandbox.run(&["config", "--format", "json"]).await;
    assert_eq!(exit.code, Some(0), "{exit:?}");
    serde_json::from_str(&exit.stdout).unwrap()
}

fn port_section(port: u16) -> String {
    format!("# the port\n[server]\nport = {port}\n")
}

/// One layer more in each step; each time the new one decides where the service really listens.
#[tokio::test]
async fn every_layer_beats_the_ones_below() {
    let ports: Vec<u16> = std::iter::repeat_with(free_port).take(9).collect();
    let port = |index: usize| ports[index].to_string();
    type Step = Box<dyn Fn(Sandbox) -> Sandbox>;
    let secret = "SECRETS/server__port";
    let steps: Vec<(&str, Step)> = vec![
        ("config/app.toml:3", {
            let text = port_section(ports[0]);
            Box::new(move |s| s.file("config/app.toml", &text))
        }),
        ("config/app.prod.toml:3", {
            let text = port_section(ports[1]);
            Box::new(move |s| s.file("config/app.prod.toml", &text))
        }),
        (".env:2", {
            let text = format!("# for development\nAPP_SERVER__PORT={}\n", port(2));
            Box::new(move |s| s.file(".env", &text))
        }),
        (".env.prod:1", {
            let text = format!("APP_SERVER__PORT={}\n", port(3));
            Box::new(move |s| s.file(".env.prod", &text))
        }),
        ("env PORT", {
            let port = port(4);
            Box::new(move |s| s.env("PORT", &port))
        }),
        ("env APP_SERVER__PORT", {
            let port = port(5);
            Box::new(move |s| s.env("APP_SERVER__PORT", &port))
        }),
        (secret, {
            let port = port(6);
            Box::new(move |s| s.file("secrets/server__port", &format!("{port}\n")))
        }),
        ("argument --server.port", {
            let argument = format!("--server.port={}", port(7));
            Box::new(move |s| s.args(&[&argument]))
        }),
        ("argument --set server.port", {
            let argument = format!("server.port={}", port(8));
            Box::new(move |s| s.args(&["--set", &argument]))
        }),
    ];
    for count in 1..=steps.len() {
        let sandbox = || {
            let sandbox = Sandbox::new()
                .without("APP_SERVER__PORT")
                .env("APP_ENV", "prod")
                .env("APP_SERVER__HOST", "127.0.0.1");
            steps[..count]
                .iter()
                .fold(sandbox, |sandbox, (_, step)| step(sandbox))
        };
        let sandbox_of_config = sandbox();
        let secrets = sandbox_of_config
            .path("secrets/server__port")
            .display()
            .to_string();
        let origin = steps[count - 1]
            .0
            .replace(secret, &format!("secret {secrets}"));
        let config = effective(sandbox_of_config).await;
        assert_eq!(
            config["server.port"],
            json!({ "value": ports[count - 1], "origin": origin }),
            "with {count} layers"
        );
        let service = sandbox().start().await;
        assert_eq!(service.port(), ports[count - 1], "{origin}");
        assert_eq!(service.get("/text").await.text(), "hello");
    }
}

#[tokio::test]
async fn without_anything_the_defaults_are_those_of_the_contract() {
    let dev = effective(
        Sandbox::new()
            .without("APP_SERVER__PORT")
            .without("LOG_FORMAT"),
    )
    .await;
    let prod = effective(
        Sandbox::new()
            .without("APP_SERVER__PORT")
            .args(&["--profile", "production"]),
    )
    .await;
    for (key, in_dev, in_prod) in [
        ("server.host", json!("127.0.0.1"), json!("0.0.0.0")),
        ("server.port", json!(8080), json!(8080)),
        ("server.request_timeout", json!("30s"), json!("30s")),
        ("server.header_read_timeout", json!("10s"), json!("10s")),
        ("server.body_limit", json!("2MiB"), json!("2MiB")),
        ("server.header_limit", json!("64KiB"), json!("64KiB")),
        ("server.max_connections", json!(10000), json!(10000)),
        ("server.max_in_flight", Value::Null, Value::Null),
        ("server.trusted_proxies", json!([]), json!([])),
        ("management.host", json!("127.0.0.1"), json!("127.0.0.1")),
        ("management.port", Value::Null, Value::Null),
        ("lifecycle.drain_delay", json!("0s"), json!("5s")),
        ("lifecycle.shutdown_timeout", json!("30s"), json!("30s")),
        ("health.timeout", json!("1s"), json!("1s")),
        ("health.cache", json!("1s"), json!("1s")),
        ("health.show_details", json!(true), json!(false)),
        ("log.level", json!("info"), json!("info")),
        ("log.access", json!(true), json!(true)),
        ("shop.currency", json!("EUR"), json!("EUR")),
        (
            "shop.payments",
            json!(["card", "cash"]),
            json!(["card", "cash"]),
        ),
    ] {
        assert_eq!(
            dev[key],
            json!({ "value": in_dev, "origin": "default" }),
            "{key} in dev"
        );
        assert_eq!(
            prod[key],
            json!({ "value": in_prod, "origin": "default" }),
            "{key} in prod"
        );
    }
}

/// The last one of the command line wins, however it is spelled.
#[tokio::test]
async fn of_two_arguments_the_later_one_wins() {
    let config =
        effective(Sandbox::new().args(&["--set", "server.port=1001", "--server.port=1002"])).await;
    assert_eq!(
        config["server.port"],
        json!({ "value": 1002, "origin": "argument --server.port" })
    );
    let config =
        effective(Sandbox::new().args(&["--server.port=1002", "--set=server.port=1001"])).await;
    assert_eq!(config["server.port"]["value"], 1001);
}

/// `APP_SHOP__CURRENCY=8080` is a text, because the field is one; lists come from commas, and replace.
#[tokio::test]
async fn values_have_the_type_of_their_field() {
    let service = Sandbox::new()
        .file(
            "config/app.toml",
            "[shop]\nhold = \"1h30m\"\npayments = [\"card\"]\n",
        )
        .env("APP_SHOP__CURRENCY", "8080")
        .env("APP_SHOP__PAYMENTS", "cash,cheque")
        .start()
        .await;
    assert_eq!(
        service.get("/settings").await.text(),
        "8080 5400s cash+cheque"
    );
    let environment = service.get("/env").await.json();
    let properties = &environment["properties"];
    assert_eq!(
        properties["shop.currency"],
        json!({ "value": "8080", "origin": "env APP_SHOP__CURRENCY" })
    );
    assert_eq!(
        properties["shop.payments"],
        json!({ "value": ["cash", "cheque"], "origin": "env APP_SHOP__PAYMENTS" })
    );
    assert_eq!(
        properties["shop.hold"],
        json!({ "value": "1h30m", "origin": "config/app.toml:2" })
    );
}

/// Tables merge key by key: what the profile's file does not set stays.
#[tokio::test]
async fn files_merge_key_by_key() {
    let config = effective(
        Sandbox::new()
            .file(
                "config/app.toml",
                "[shop]\ncurrency = \"CHF\"\nhold = \"1s\"\n",
            )
            .file("config/app.prod.toml", "[shop]\nhold = \"2s\"\n")
            .env("APP_ENV", "production"),
    )
    .await;
    assert_eq!(
        config["shop.currency"],
        json!({ "value": "CHF", "origin": "config/app.toml:2" })
    );
    assert_eq!(
        config["shop.hold"],
        json!({ "value": "2s", "origin": "config/app.prod.toml:2" })
    );
}

#[tokio::test]
async fn placeholders_are_filled_in_from_the_environment() {
    let file = "[shop]\ncurrency = \"${MONEY}\"\nwebhook = \"http://${HOOK_HOST:-localhost}/\"\n";
    let config = effective(
        Sandbox::new()
            .file("config/app.toml", file)
            .env("MONEY", "DKK"),
    )
    .await;
    assert_eq!(
        config["shop.currency"],
        json!({ "value": "DKK", "origin": "config/app.toml:2" })
    );
    assert_eq!(
        config["shop.webhook"],
        json!({ "value": "http://localhost/", "origin": "config/app.toml:3" })
    );
}

/// The platform sets `HOST` and the like for everybody: a prefixed name beats them, and empty means not set.
#[tokio::test]
async fn well_known_names_bind_unless_they_are_empty() {
    let config = effective(
        Sandbox::new()
            .env("HOST", "0.0.0.0")
            .env("RUST_LOG", "warn")
            .env("PORT", ""),
    )
    .await;
    assert_eq!(
        config["server.host"],
        json!({ "value": "0.0.0.0", "origin": "env HOST" })
    );
    assert_eq!(
        config["log.level"],
        json!({ "value": "warn", "origin": "env RUST_LOG" })
    );
    assert_eq!(
        config["server.port"],
        json!({ "value": 0, "origin": "env APP_SERVER__PORT" })
    );
    let config = effective(Sandbox::new().without("APP_SERVER__PORT").env("PORT", "")).await;
    assert_eq!(
        config["server.port"],
        json!({ "value": 8080, "origin": "default" })
    );
}

/// A file names the port; the text form says the same as the JSON form.
#[tokio::test]
async fn the_text_form_has_values_and_origins() {
    let exit = Sandbox::new()
        .without("APP_SERVER__PORT")
        .file("config/app.toml", &port_section(1234))
        .run(&["config"])
        .await;
    assert_eq!(exit.code, Some(0));
    let line = exit
        .stdout
        .lines()
        .find(|line| line.starts_with("server.port "))
        .unwrap();
    let words: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(
        words,
        ["server.port", "=", "1234", "#", "config/app.toml:3"]
    );
}
