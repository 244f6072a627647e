//! The management endpoints: what they say, and on which listener in which profile.

use serde_json::json;

use crate::exposition::Exposition;
use crate::harness::{Sandbox, eventually};
use crate::http::Request;
use crate::problems::problem;

const PROBES: [&str; 2] = ["/live", "/ready"];
const OPEN: [&str; 4] = ["/health", "/health/stock", "/metrics", "/info"];
const INTERNAL: [&str; 6] = [
    "/env",
    "/routes",
    "/components",
    "/conditions",
    "/tasks",
    "/startup",
];

#[tokio::test]
async fn in_dev_everything_is_on_the_main_listener() {
    let service = Sandbox::new().start().await;
    for endpoint in PROBES.into_iter().chain(OPEN).chain(INTERNAL) {
        assert_eq!(service.get(endpoint).await.status, 200, "{endpoint}");
    }
}

#[tokio::test]
async fn in_prod_the_inside_is_not_on_the_main_listener() {
    for profile in ["prod", "test"] {
        let service = Sandbox::new()
            .env("APP_ENV", profile)
            .env("HOST", "127.0.0.1")
            .start()
            .await;
        for endpoint in PROBES.into_iter().chain(OPEN) {
            assert_eq!(
                service.get(endpoint).await.status,
                200,
                "{endpoint} in {profile}"
            );
        }
        for endpoint in INTERNAL {
            problem(endpoint, &service.get(endpoint).await, 404);
        }
    }
}

#[tokio::test]
async fn with_a_listener_of_their_own_they_move_there() {
    for profile in ["dev", "prod"] {
        let service = Sandbox::new()
            .env("APP_ENV", profile)
            .env("APP_SERVER__HOST", "127.0.0.1")
            .env("APP_MANAGEMENT__PORT", "0")
            .start()
            .await;
        let management = service.management.as_ref().unwrap();
        assert_ne!(management, &service.address);
        assert!(management.starts_with("127.0.0.1:"), "{management}");
        for endpoint in PROBES.into_iter().chain(OPEN).chain(INTERNAL) {
            assert_eq!(
                service.manage(endpoint).await.status,
                200,
                "{endpoint} in {profile}"
            );
        }
        for endpoint in PROBES {
            assert_eq!(
                service.get(endpoint).await.status,
                200,
                "{endpoint} in {profile}"
            );
        }
        for endpoint in OPEN.into_iter().chain(INTERNAL) {
            problem(endpoint, &service.get(endpoint).await, 404);
        }
        // And nothing else is there.
        problem("/text", &service.manage("/text").await, 404);
        problem(
            "/mounted/names/x",
            &service.manage("/mounted/names/x").await,
            404,
        );
        let metrics = Exposition::parse(service.manage("/metrics").await.text());
        assert_eq!(metrics.value("app_ready", &[]), Some(1.0));
    }
}

#[tokio::test]
async fn health_has_the_shape_of_the_contract() {
    let service = Sandbox::new().start().await;
    let health = service.get("/health").await;
    assert_eq!(health.header("content-type"), Some("application/json"));
    let health = health.json();
    assert_eq!(health["status"], "UP");
    assert_eq!(
        health["service"],
        json!({ "name": "rustboot-conformance", "version": "0.1.0", "profile": "dev" })
    );
    assert!(
        health["timestamp"].as_str().unwrap().ends_with('Z'),
        "{health}"
    );
    let stock = &health["components"]["stock"];
    assert_eq!(stock["status"], "UP");
    assert!(stock["latency_ms"].as_f64().is_some(), "{stock}");
    assert_eq!(stock["details"]["shelf"], "third from the left");
    assert_eq!(service.get("/health/stock").await.json()["status"], "UP");
    problem("/health/nobody", &service.get("/health/nobody").await, 404);
    assert_eq!(service.get("/live").await.json(), json!({ "status": "UP" }));
}

/// Who can reach the port of the service need not know how its shelves stand.
#[tokio::test]
async fn details_are_for_dev_and_for_the_management_listener() {
    let details = |health: &str| health.contains("shelf");
    let prod = || {
        Sandbox::new()
            .env("APP_ENV", "prod")
            .env("APP_SERVER__HOST", "127.0.0.1")
    };
    let service = prod().start().await;
    for target in ["/health", "/health/stock"] {
        let health = service.get(target).await;
        assert_eq!(health.status, 200);
        assert!(!details(health.text()), "{}", health.text());
    }
    let service = prod().env("APP_MANAGEMENT__PORT", "0").start().await;
    for target in ["/health", "/health/stock"] {
        assert!(details(service.manage(target).await.text()), "{target}");
    }
    let service = prod().env("APP_HEALTH__SHOW_DETAILS", "true").start().await;
    assert!(details(service.get("/health").await.text()));
    let service = Sandbox::new()
        .env("APP_HEALTH__SHOW_DETAILS", "false")
        .start()
        .await;
    assert!(!details(service.get("/health").await.text()));
}

#[tokio::test]
async fn a_critical_component_that_is_down_takes_readiness_and_nothing_else() {
    let service = Sandbox::new()
        .env("APP_CONFORMANCE__STOCK", "down")
        .start()
        .await;
    let health = service.get("/health").await;
    assert_eq!(
        (health.status, &health.json()["status"]),
        (503, &json!("DOWN"))
    );
    assert_eq!(service.get("/health/stock").await.status, 503);
    let ready = service.get("/ready").await;
    assert_eq!(ready.status, 503);
    assert_eq!(
        ready.json(),
        json!({ "status": "OUT_OF_SERVICE", "reason": "stock is down" })
    );
    assert_eq!(service.get("/live").await.status, 200);
    assert_eq!(service.get("/text").await.status, 200);
}

#[tokio::test]
async fn info_says_what_runs() {
    let service = Sandbox::new().start().await;
    let info = service.get("/info").await.json();
    assert_eq!(info["name"], "rustboot-conformance");
    assert_eq!(info["version"], "0.1.0");
    assert_eq!(info["profile"], "dev");
    assert!(
        info["build"]["rustc"]
            .as_str()
            .unwrap()
            .starts_with("rustc "),
        "{info}"
    );
    assert!(
        info["build"]["time"].as_str().unwrap().ends_with('Z'),
        "{info}"
    );
    assert!(
        info["started_at"].as_str().unwrap().ends_with('Z'),
        "{info}"
    );
    assert!(info["uptime_seconds"].as_f64().unwrap() > 0.0, "{info}");
    assert!(
        info["git"].as_object().unwrap().contains_key("commit"),
        "{info}"
    );
}

#[tokio::test]
async fn the_inside_is_told_as_it_is() {
    let service = Sandbox::new().start().await;
    eventually("a tick", async || service.get("/ticks").await.text() != "0").await;
    let env = service.get("/env").await.json();
    assert_eq!(env["profile"], "dev");
    assert_eq!(
        env["properties"]["server.port"],
        json!({ "value": 0, "origin": "env APP_SERVER__PORT" })
    );
    assert_eq!(
        env["properties"]["shop.api_key"],
        json!({ "value": "***", "origin": "env APP_SHOP__API_KEY" })
    );

    let routes = service.get("/routes").await.json();
    let route = routes["routes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|route| route["path"] == "/items/{id}" && route["method"] == "GET")
        .unwrap();
    assert!(
        route["location"]
            .as_str()
            .unwrap()
            .starts_with("conformance/src/inputs.rs:"),
        "{route}"
    );

    let components = service.get("/components").await.text().to_owned();
    for component in ["Journal", "Greeting", "Ticks"] {
        assert!(components.contains(component), "{components}");
    }
    let conditions = service.get("/conditions").await.json();
    let modules: Vec<&str> = conditions["modules"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|module| module["module"].as_str())
        .collect();
    assert!(
        modules.contains(&"web") && modules.contains(&"observe"),
        "{modules:?}"
    );

    let startup = service.get("/startup").await.json();
    assert!(startup["total_ms"].as_f64().unwrap() > 0.0, "{startup}");
    let phases: Vec<&str> = startup["phases"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|phase| phase["phase"].as_str())
        .collect();
    assert_eq!(
        phases,
        [
            "configuration",
            "modules",
            "components",
            "migrations",
            "health",
            "on_start",
            "bind"
        ]
    );
}

/// Two listeners, one stop: whoever watches sees the drain on both.
#[tokio::test]
async fn the_management_listener_goes_on_during_the_stop() {
    let service = Sandbox::new()
        .env("APP_MANAGEMENT__PORT", "0")
        .start()
        .await;
    let mut slow = service.connect().await;
    slow.write(&crate::http::Request::get("/sleep?ms=1000").bytes())
        .await
        .unwrap();
    service
        .log_line("the handler at work", |line| line["message"] == "sleeping")
        .await;
    service.signal(rustix::process::Signal::TERM);
    service
        .log_line("stopping", |line| line["message"] == "stopping")
        .await;
    // The main port is closed by now or soon; the other one serves until the last request is done.
    let ready = service.manage("/ready").await;
    assert_eq!(
        (ready.status, &ready.json()["reason"]),
        (503, &json!("draining"))
    );
    assert_eq!(service.manage("/live").await.status, 200);
    let metrics = Exposition::parse(service.manage("/metrics").await.text());
    assert_eq!(metrics.value("app_ready", &[]), Some(0.0));
    assert_eq!(slow.answer("GET").await.unwrap().text(), "slept");
    assert_eq!(service.exit().await.code, Some(0));
}

/// What a filter cannot name is refused, and spoils no other change.
#[tokio::test]
async fn a_level_for_nothing_is_refused_and_the_others_can_be_changed() {
    let service = Sandbox::new().start().await;
    let put = |target: &str, body: &str| Request::new("PUT", target).json(body);
    for target in [
        "/loggers/.x",
        "/loggers/-x",
        "/loggers/a,b",
        "/loggers/a%20b",
    ] {
        let answer = service.send(put(target, r#"{"level":"debug"}"#)).await;
        assert_eq!(answer.status, 400, "{target}: {answer:?}");
    }
    for number in 0..100 {
        let target = format!("/loggers/app::m{number}");
        let answer = service.send(put(&target, r#"{"level":"debug"}"#)).await;
        assert_eq!(answer.status, 200, "{target}: {answer:?}");
    }
    let one_more = put("/loggers/app::more", r#"{"level":"debug"}"#);
    assert_eq!(service.send(one_more.clone()).await.status, 409);
    let back = put("/loggers/app::m7", r#"{"level":null}"#);
    assert_eq!(service.send(back).await.status, 200);
    assert_eq!(service.send(one_more).await.status, 200);
    // What is in force for a target, whether it has a level of its own or not.
    for (target, level, changed) in [
        ("app::m1", "debug", true),
        ("app::m1::deeper", "debug", false),
        ("rooted", "info", false),
    ] {
        let answer = service.get(&format!("/loggers/{target}")).await;
        assert_eq!(
            answer.json(),
            json!({"level": level, "changed": changed}),
            "{target}"
        );
    }
    assert_eq!(service.get("/loggers/a,b").await.status, 404);
}
