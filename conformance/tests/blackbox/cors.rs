//! Pages of other origins: what their browser is told before a request, and of its answer, whoever made that.

use crate::harness::Sandbox;
use crate::http::{Request, Response};
use crate::problems::problem;

const PAGE: &str = "https://app.example";

/// With an origin that is listed and patterns.
fn sandbox() -> Sandbox {
    Sandbox::new().file(
        "config/app.toml",
        r#"[server.cors]
allowed_origins = ["https://app.example"]
allowed_origin_patterns = ["http://localhost:[*]", "https://*.preview.example"]
allowed_methods = ["GET", "POST", "PUT", "DELETE"]
allowed_headers = ["content-type", "x-token"]
exposed_headers = ["x-request-id"]
allow_credentials = true
max_age = "10m"
"#,
    )
}

fn preflight(target: &str, origin: &str, method: &str) -> Request {
    Request::new("OPTIONS", target)
        .header("origin", origin)
        .header("access-control-request-method", method)
}

/// Checks that the page may read the answer, and says nothing else.
fn readable(what: &str, answer: &Response, origin: &str) {
    let expected = [
        ("access-control-allow-origin", origin),
        ("access-control-allow-credentials", "true"),
        ("access-control-expose-headers", "x-request-id"),
    ];
    for (name, value) in expected {
        assert_eq!(answer.header(name), Some(value), "{what}: {answer:?}");
    }
    assert!(answer.headers("vary").contains(&"origin"), "{what}");
}

fn unreadable(what: &str, answer: &Response) {
    for name in [
        "access-control-allow-origin",
        "access-control-allow-credentials",
        "access-control-allow-methods",
        "access-control-expose-headers",
    ] {
        assert_eq!(answer.header(name), None, "{what}: {answer:?}");
    }
}

#[tokio::test]
async fn a_preflight_is_answered_whatever_route_there_is() {
    let service = sandbox().start().await;
    for target in [
        "/text",
        "/items/7",
        "/mounted/names/x",
        "/guarded/7",
        "/nowhere",
    ] {
        let asked =
            preflight(target, PAGE, "PUT").header("access-control-request-headers", "x-token");
        let answer = service.send(asked).await;
        assert_eq!(answer.status, 204, "{target}: {answer:?}");
        for (name, value) in [
            ("access-control-allow-origin", PAGE),
            ("access-control-allow-credentials", "true"),
            ("access-control-allow-methods", "GET, POST, PUT, DELETE"),
            ("access-control-allow-headers", "content-type, x-token"),
            ("access-control-max-age", "600"),
            (
                "vary",
                "origin, access-control-request-method, access-control-request-headers",
            ),
        ] {
            assert_eq!(answer.header(name), Some(value), "{target} {name}");
        }
        assert!(answer.header("x-request-id").is_some());
    }
}

#[tokio::test]
async fn a_preflight_for_what_is_not_allowed_is_a_403() {
    let service = sandbox().start().await;
    for request in [
        preflight("/text", "https://evil.example", "GET"),
        preflight("/text", "https://app.example.evil.example", "GET"),
        preflight("/text", "http://app.example", "GET"),
        preflight("/text", "https://preview.example", "GET"),
        preflight("/text", "null", "GET"),
    ] {
        let answer = service.send(request).await;
        let problem = problem("/text", &answer, 403);
        assert_eq!(
            problem["detail"],
            "pages of this origin may not use this service"
        );
        unreadable("/text", &answer);
        assert_eq!(answer.header("vary"), Some("origin"));
    }
    let patch = service.send(preflight("/text", PAGE, "PATCH")).await;
    problem("/text", &patch, 403);
    unreadable("PATCH", &patch);
    let header =
        preflight("/text", PAGE, "GET").header("access-control-request-headers", "x-other");
    let header = service.send(header).await;
    problem("/text", &header, 403);
    unreadable("x-other", &header);
}

/// Without them, a page cannot see what went wrong: its browser calls everything a network error.
#[tokio::test]
async fn answers_of_every_kind_may_be_read() {
    let service = sandbox()
        .env("APP_SERVER__BODY_LIMIT", "1KiB")
        .env("APP_SERVER__REQUEST_TIMEOUT", "300ms")
        .env("APP_CONFORMANCE__AUTHENTICATOR", "true")
        .start()
        .await;
    for (request, status) in [
        (Request::get("/text"), 200),
        (Request::new("HEAD", "/text"), 200),
        (Request::get("/stream?pieces=2&ms=1"), 200),
        (Request::get("/mounted/names/x"), 200),
        (Request::get("/nowhere"), 404),
        (Request::post("/text"), 405),
        (Request::get("/guarded/7"), 401),
        (Request::post("/bytes").body(vec![0; 2048]), 413),
        (Request::post("/bytes").body(vec![0; 2048]).chunked(), 413),
        (Request::get("/panic"), 500),
        (Request::get("/mounted/panic"), 500),
        (Request::get("/error/internal"), 500),
        (Request::get("/error/plain"), 500),
        (Request::get("/sleep?ms=3600000"), 503),
    ] {
        for origin in [
            PAGE,
            "http://localhost:5173",
            "https://pr-7.preview.example",
        ] {
            let what = format!("{} {} for {origin}", request.method, request.target);
            let answer = service.send(request.clone().header("origin", origin)).await;
            assert_eq!(answer.status, status, "{what}: {answer:?}");
            readable(&what, &answer, origin);
        }
    }
}

#[tokio::test]
async fn a_page_that_is_not_allowed_is_served_and_cannot_read_it() {
    let service = sandbox().start().await;
    let answer = service
        .send(Request::get("/text").header("origin", "https://evil.example"))
        .await;
    assert_eq!((answer.status, answer.text()), (200, "hello"));
    unreadable("another page", &answer);
    let answer = service.get("/text").await;
    unreadable("no page", &answer);
    assert_eq!(
        answer.header("vary"),
        Some("origin"),
        "a cache must not give this one to a page that is allowed"
    );
}

/// They are for operators: no page may read them, or change anything.
#[tokio::test]
async fn management_endpoints_are_for_no_page() {
    let service = sandbox().start().await;
    for endpoint in ["/health", "/env", "/metrics", "/loggers/app"] {
        let answer = service
            .send(Request::get(endpoint).header("origin", PAGE))
            .await;
        unreadable(endpoint, &answer);
        let answer = service.send(preflight(endpoint, PAGE, "PUT")).await;
        assert_eq!(answer.status, 405, "{endpoint}: {answer:?}");
        assert_eq!(answer.header("access-control-allow-methods"), None);
    }
    let service = sandbox().env("APP_MANAGEMENT__PORT", "0").start().await;
    unreadable("its own listener", &service.manage("/health").await);
}

#[tokio::test]
async fn preflights_have_a_route_of_their_own_in_metrics_and_access_log() {
    let service = sandbox().start().await;
    service
        .send(preflight("/text?secret=1", PAGE, "PUT").header("x-request-id", "asks"))
        .await;
    service
        .send(preflight("/nowhere", PAGE, "PATCH").header("x-request-id", "asks-in-vain"))
        .await;
    let line = service.access_line("asks").await;
    assert_eq!(line["route"], "preflight", "{line}");
    assert_eq!(line["path"], "/text", "{line}");
    assert_eq!(line["method"], "OPTIONS", "{line}");
    assert_eq!(line["status"], 204, "{line}");
    assert_eq!(service.access_line("asks-in-vain").await["status"], 403);
    let metrics = service.metrics().await;
    for status in ["204", "403"] {
        let labels = [
            ("http_route", "preflight"),
            ("http_request_method", "OPTIONS"),
            ("http_response_status_code", status),
        ];
        assert_eq!(
            metrics.value("http_server_request_duration_seconds_count", &labels),
            Some(1.0)
        );
    }
}

/// A preflight needs no place in flight: a page of an overloaded service gets to see the 503.
#[tokio::test]
async fn an_overloaded_service_still_says_who_may_read_its_503() {
    let service = sandbox()
        .env("APP_SERVER__MAX_IN_FLIGHT", "1")
        .start()
        .await;
    let mut busy = service.connect().await;
    let request = Request::get("/sleep?ms=3600000").header("x-request-id", "busy");
    busy.write(&request.bytes()).await.unwrap();
    service
        .log_line("a handler at work", |line| line["message"] == "sleeping")
        .await;
    let answer = service.send(preflight("/text", PAGE, "PUT")).await;
    assert_eq!(answer.status, 204);
    let answer = service
        .send(Request::get("/text").header("origin", PAGE))
        .await;
    problem("/text", &answer, 503);
    readable("503", &answer, PAGE);
}

/// Nothing is there that nobody has asked for; and a router of the user may have a layer of its own.
#[tokio::test]
async fn without_the_section_there_is_no_cors() {
    let service = Sandbox::new().start().await;
    let answer = service
        .send(Request::get("/text").header("origin", PAGE))
        .await;
    unreadable("/text", &answer);
    assert_eq!(answer.header("vary"), None);
    let answer = service.send(preflight("/text", PAGE, "GET")).await;
    problem("/text", &answer, 405);
    unreadable("/text", &answer);
}

#[tokio::test]
async fn every_origin_may_be_allowed_as_long_as_there_are_no_credentials() {
    let service = Sandbox::new()
        .env("APP_SERVER__CORS__ALLOWED_ORIGINS", "*")
        .start()
        .await;
    let answer = service
        .send(Request::get("/text").header("origin", "null"))
        .await;
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.header("vary"), None);
    let asked = preflight("/echo", "https://any.example", "POST").header(
        "access-control-request-headers",
        "authorization,content-type",
    );
    let answer = service.send(asked).await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(
        answer.header("access-control-allow-methods"),
        Some("GET, HEAD, POST")
    );
    assert_eq!(
        answer.header("access-control-allow-headers"),
        Some("authorization, content-type")
    );
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    assert_eq!(answer.header("access-control-max-age"), Some("1800"));

    let exit = Sandbox::new()
        .file(
            "config/app.toml",
            "[server.cors]\nallowed_origins = [\"*\"]\nallowed_origin_patterns = [\"https://*\"]\n",
        )
        .env("APP_SERVER__CORS__ALLOW_CREDENTIALS", "true")
        .run(&[])
        .await;
    assert_eq!(exit.code, Some(78), "{exit:?}");
    let report = r#"error: the configuration has 1 problem

  1. server.cors.allowed_origin_patterns.0: expected an origin such as https://shop.example, https://*.shop.example, or *, found "https://*"
     set in config/app.toml:3
"#;
    assert_eq!(exit.stderr, report);
    let exit = Sandbox::new()
        .file(
            "config/app.toml",
            "[server.cors]\nallowed_origins = [\"*\"]\n",
        )
        .env("APP_SERVER__CORS__ALLOW_CREDENTIALS", "true")
        .run(&[])
        .await;
    assert_eq!(exit.code, Some(78), "{exit:?}");
    let report = r#"error: the configuration has 1 problem

  1. server.cors.allowed_origins: * cannot go with allow_credentials = true: name the origins that may send credentials
     set in config/app.toml:2
"#;
    assert_eq!(exit.stderr, report);
}
