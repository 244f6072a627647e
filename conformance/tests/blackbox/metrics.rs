//! `/metrics`: the names and labels that dashboards depend on, in a format that every scraper can read.

use crate::exposition::Exposition;
use crate::harness::{Sandbox, Service, eventually};
use crate::http::Request;

const REQUESTS: &str = "http_server_request_duration_seconds";
const COUNT: &str = "http_server_request_duration_seconds_count";

impl Service {
    /// A scrape of the main listener.
    pub(crate) async fn metrics(&self) -> Exposition {
        let answer = self.get("/metrics").await;
        assert_eq!(answer.status, 200);
        assert!(
            answer
                .header("content-type")
                .unwrap()
                .starts_with("text/plain; version=0.0.4"),
            "{answer:?}"
        );
        Exposition::parse(answer.text())
    }
}

#[tokio::test]
async fn every_family_of_the_contract_is_there_and_of_its_kind() {
    let service = Sandbox::new().start().await;
    eventually("a task has run", async || {
        service.get("/ticks").await.text() != "0"
    })
    .await;
    let metrics = service.metrics().await;
    for (family, kind) in [
        (REQUESTS, "histogram"),
        ("http_server_active_requests", "gauge"),
        ("scheduled_task_duration_seconds", "histogram"),
        ("log_events_total", "counter"),
        ("panics_total", "counter"),
        ("process_cpu_seconds_total", "counter"),
        ("process_resident_memory_bytes", "gauge"),
        ("process_open_fds", "gauge"),
        ("process_start_time_seconds", "gauge"),
        ("tokio_workers", "gauge"),
        ("app_info", "gauge"),
        ("app_ready", "gauge"),
    ] {
        assert_eq!(metrics.kind(family), kind, "{family}");
    }
    let info = [
        ("name", "rustboot-conformance"),
        ("version", "0.1.0"),
        ("profile", "dev"),
    ];
    assert_eq!(metrics.value("app_info", &info), Some(1.0));
    assert_eq!(metrics.value("app_ready", &[]), Some(1.0));
    assert_eq!(
        metrics.value("panics_total", &[]),
        Some(0.0),
        "there before the first one"
    );
    assert!(metrics.value("process_resident_memory_bytes", &[]).unwrap() > 1e6);
}

/// All of these are the framework's own, and people read them in the tool that scrapes.
#[tokio::test]
async fn every_family_says_what_it_is() {
    let service = Sandbox::new()
        .env("APP_CONFORMANCE__TASK_FAILS", "true")
        .start()
        .await;
    for target in ["/text", "/panic", "/nowhere", "/mounted/names/x"] {
        service.get(target).await;
    }
    eventually("a task has run", async || {
        service.get("/ticks").await.text() != "0"
    })
    .await;
    assert_eq!(service.metrics().await.unexplained(), [""; 0]);
}

#[tokio::test]
async fn requests_are_counted_by_method_template_and_status() {
    let service = Sandbox::new().start().await;
    for request in [
        Request::get("/items/1"),
        Request::get("/items/2?q=3"),
        Request::get("/items/x"),
        Request::new("DELETE", "/items/1"),
        Request::new("HEAD", "/items/1"),
        Request::get("/axum-items/1"),
        Request::get("/mounted/names/a"),
        Request::get("/mounted/names/b"),
        Request::post("/mounted/echo").json("{"),
        Request::get("/error/internal"),
        Request::get("/panic"),
        Request::get("/mounted/panic"),
    ] {
        service.send(request).await;
    }
    service.settle().await;
    let metrics = service.metrics().await;
    for (method, route, status, count) in [
        ("GET", "/items/{id}", "200", 2.0),
        ("GET", "/items/{id}", "400", 1.0),
        ("DELETE", "/items/{id}", "204", 1.0),
        ("HEAD", "/items/{id}", "200", 1.0),
        ("GET", "/axum-items/{id}", "200", 1.0),
        ("GET", "/mounted/names/{name}", "200", 2.0),
        ("POST", "/mounted/echo", "400", 1.0),
        ("GET", "/error/internal", "500", 1.0),
        ("GET", "/panic", "500", 1.0),
        ("GET", "/mounted/panic", "500", 1.0),
    ] {
        let labels = [
            ("http_request_method", method),
            ("http_route", route),
            ("http_response_status_code", status),
        ];
        assert_eq!(
            metrics.value(COUNT, &labels),
            Some(count),
            "{method} {route} {status}"
        );
    }
    for (labels, _) in metrics.series(COUNT, &[]) {
        let names: Vec<&str> = labels.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            [
                "http_request_method",
                "http_response_status_code",
                "http_route"
            ]
        );
    }
}

/// A route that hangs must not hide among the paths that nobody knows.
#[tokio::test]
async fn requests_that_got_no_answer_are_counted_for_their_route() {
    let service = Sandbox::new()
        .env("APP_SERVER__REQUEST_TIMEOUT", "300ms")
        .start()
        .await;
    for (route, target) in [
        ("/sleep", "/sleep?ms=3600000"),
        ("/mounted/sleep/{ms}", "/mounted/sleep/3600000"),
    ] {
        assert_eq!(service.get(target).await.status, 503);
        let mut impatient = service.connect().await;
        let id = format!("impatient-{route}").replace(['/', '{', '}'], "_");
        impatient
            .write(&Request::get(target).header("x-request-id", &id).bytes())
            .await
            .unwrap();
        service
            .log_line("the handler at work", |line| {
                line["message"] == "sleeping" && line["request_id"] == id.as_str()
            })
            .await;
        drop(impatient);
        let line = service.access_line(&id).await;
        assert_eq!(
            (&line["route"], &line["aborted"]),
            (&route.into(), &true.into()),
            "{line}"
        );
        let metrics = service.metrics().await;
        assert_eq!(
            metrics.sum(COUNT, &[("http_route", route)]),
            2.0,
            "{metrics:?}"
        );
        let timed_out = [("http_route", route), ("http_response_status_code", "503")];
        assert_eq!(metrics.value(COUNT, &timed_out), Some(1.0));
    }
}

/// The number of series must not be in the hands of clients.
#[tokio::test]
async fn what_clients_make_up_does_not_become_a_label() {
    let service = Sandbox::new().start().await;
    for number in 0..20 {
        for target in [
            format!("/nowhere/{number}"),
            format!("/mounted/nowhere/{number}"),
            format!("/items/{number}/none"),
        ] {
            assert_eq!(service.get(&target).await.status, 404);
        }
    }
    for method in ["BREW", "PROPFIND", "X"] {
        service.send(Request::new(method, "/nowhere")).await;
        service.send(Request::new(method, "/text")).await;
    }
    service.settle().await;
    let metrics = service.metrics().await;
    let routes = metrics.label_values(REQUESTS, "http_route");
    let made_up: Vec<&&str> = routes
        .iter()
        .filter(|route| route.contains("nowhere") || route.contains("none"))
        .collect();
    assert!(made_up.is_empty(), "{routes:?}");
    let unmatched: Vec<&&str> = routes.iter().filter(|route| **route != "/text").collect();
    assert_eq!(unmatched.len(), 1, "one value for all of them: {routes:?}");
    let not_found = [
        ("http_route", *unmatched[0]),
        ("http_request_method", "GET"),
        ("http_response_status_code", "404"),
    ];
    assert_eq!(metrics.value(COUNT, &not_found), Some(60.0));
    let methods = metrics.label_values(REQUESTS, "http_request_method");
    assert!(
        methods
            .iter()
            .all(|method| ["GET", "_OTHER"].contains(method)),
        "{methods:?}"
    );
}

#[tokio::test]
async fn management_endpoints_are_not_counted() {
    let service = Sandbox::new().start().await;
    for target in [
        "/health",
        "/health/stock",
        "/health/nobody",
        "/live",
        "/ready",
        "/metrics",
        "/info",
        "/env",
    ] {
        service.get(target).await;
    }
    let metrics = service.metrics().await;
    assert_eq!(metrics.sum(COUNT, &[]), 0.0, "{metrics:?}");
    assert_eq!(metrics.value("http_server_active_requests", &[]), Some(0.0));
}

#[tokio::test]
async fn requests_at_work_are_a_gauge() {
    let service = Sandbox::new().start().await;
    let mut connection = service.connect().await;
    connection
        .write(&Request::get("/sleep?ms=3600000").bytes())
        .await
        .unwrap();
    service
        .log_line("the handler at work", |line| line["message"] == "sleeping")
        .await;
    assert_eq!(
        service
            .metrics()
            .await
            .value("http_server_active_requests", &[]),
        Some(1.0)
    );
    drop(connection);
    eventually("it is over", async || {
        service
            .metrics()
            .await
            .value("http_server_active_requests", &[])
            == Some(0.0)
    })
    .await;
}

/// The duration is the one that the client sees, in seconds.
#[tokio::test]
async fn durations_are_in_seconds() {
    let service = Sandbox::new().start().await;
    service.get("/sleep?ms=300").await;
    service.settle().await;
    let metrics = service.metrics().await;
    let sum = metrics
        .value(
            "http_server_request_duration_seconds_sum",
            &[("http_route", "/sleep")],
        )
        .unwrap();
    assert!((0.3..5.0).contains(&sum), "{sum}");
    let below = metrics.value(
        "http_server_request_duration_seconds_bucket",
        &[("http_route", "/sleep"), ("le", "0.25")],
    );
    assert_eq!(below, Some(0.0));
}

#[tokio::test]
async fn runs_of_tasks_are_measured_by_outcome() {
    let service = Sandbox::new()
        .env("APP_CONFORMANCE__TASK_FAILS", "true")
        .start()
        .await;
    let runs = async |task: &str, outcome: &str| {
        let labels = [("task", task), ("outcome", outcome)];
        service
            .metrics()
            .await
            .sum("scheduled_task_duration_seconds_count", &labels)
    };
    eventually("five ticks", async || runs("tick", "success").await >= 5.0).await;
    eventually("a failure", async || runs("unlucky", "error").await == 1.0).await;
    eventually("a panic", async || runs("panicky", "error").await == 1.0).await;
    assert_eq!(runs("tick", "error").await, 0.0);
    assert_eq!(
        service.metrics().await.value("panics_total", &[]),
        Some(1.0)
    );
    let line = service
        .log_line("the failure", |line| {
            line["message"] == "scheduled task failed" && line["task"] == "unlucky"
        })
        .await;
    assert_eq!(line["error"], "the task was told to fail");
    assert!(
        line["location"]
            .as_str()
            .unwrap()
            .starts_with("conformance/src/tasks.rs:"),
        "{line}"
    );

    let tasks = service.get("/tasks").await.json();
    let task = |name: &str| {
        tasks["tasks"]
            .as_array()
            .unwrap()
            .iter()
            .find(|task| task["name"] == name)
            .unwrap()
            .clone()
    };
    assert_eq!(task("unlucky")["last_error"], "the task was told to fail");
    assert_eq!(task("unlucky")["failures"], 1);
    assert!(task("tick")["runs"].as_u64().unwrap() >= 5);
    assert_eq!(task("tick")["last_error"], serde_json::Value::Null);
    assert!(task("tick")["last_run"].is_string() && task("tick")["next_run"].is_string());
    assert_eq!(
        service.stop().await.code,
        Some(0),
        "a task that fails is no reason to"
    );
}

#[tokio::test]
async fn log_events_are_counted_by_level() {
    let service = Sandbox::new().start().await;
    let errors = async || {
        service
            .metrics()
            .await
            .value("log_events_total", &[("level", "error")])
            .unwrap()
    };
    assert_eq!(errors().await, 0.0);
    service.get("/error/internal").await;
    assert_eq!(errors().await, 1.0);
}
