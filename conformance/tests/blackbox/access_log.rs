//! The access log: one line a request, with the members of the contract and no others.

use std::collections::BTreeSet;

use crate::harness::Sandbox;
use crate::http::Request;

#[tokio::test]
async fn the_line_has_exactly_the_members_of_the_contract() {
    let service = Sandbox::new().start().await;
    let request = Request::get("/items/42?token=in-the-query#fragment")
        .header("x-request-id", "exact")
        .header("user-agent", "black\"box/1.0")
        .header(
            "traceparent",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        );
    assert_eq!(service.send(request).await.status, 200);
    let line = service.access_line("exact").await;
    let members: BTreeSet<&str> = line
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let expected = [
        "timestamp",
        "level",
        "target",
        "message",
        "request_id",
        "trace_id",
        "method",
        "route",
        "path",
        "status",
        "duration_ms",
        "bytes",
        "client_ip",
        "user_agent",
    ];
    assert_eq!(members, BTreeSet::from(expected));
    for (member, value) in [
        ("level", "INFO"),
        ("target", "access"),
        ("trace_id", "4bf92f3577b34da6a3ce929d0e0e4736"),
        ("method", "GET"),
        ("route", "/items/{id}"),
        ("path", "/items/42"),
        ("client_ip", "127.0.0.1"),
        ("user_agent", "black\"box/1.0"),
    ] {
        assert_eq!(line[member], value, "{member}");
    }
    assert_eq!((&line["status"], &line["bytes"]), (&200.into(), &2.into()));
    assert!(
        line["duration_ms"]
            .as_f64()
            .is_some_and(|took| (0.0..20_000.0).contains(&took)),
        "{line}"
    );
    let time = line["timestamp"].as_str().unwrap();
    assert!(
        time.len() >= 20 && time.ends_with('Z') && time.as_bytes()[10] == b'T',
        "RFC 3339 in UTC: {time}"
    );
    assert!(!line.to_string().contains("in-the-query"), "{line}");
}

#[tokio::test]
async fn the_route_is_the_template_and_the_bytes_are_those_of_the_body() {
    let service = Sandbox::new().start().await;
    for (request, route, status, bytes) in [
        (
            Request::get("/shops/a/items/b/c"),
            "/shops/{shop}/items/{*rest}",
            200,
            5,
        ),
        (Request::get("/axum-items/7"), "/axum-items/{id}", 200, 1),
        (
            Request::get("/mounted/names/xyz"),
            "/mounted/names/{name}",
            200,
            3,
        ),
        (Request::get("/stream?pieces=3"), "/stream", 200, 24),
        (Request::new("HEAD", "/text"), "/text", 200, 0),
        (Request::new("DELETE", "/items/7"), "/items/{id}", 204, 0),
    ] {
        let id = format!("route-{}", crate::harness::fresh());
        service.send(request.header("x-request-id", &id)).await;
        let line = service.access_line(&id).await;
        assert_eq!(
            (&line["route"], &line["status"], &line["bytes"]),
            (&route.into(), &status.into(), &bytes.into()),
            "{line}"
        );
        assert_eq!(line.get("aborted"), None, "{line}");
    }
}

/// A scanner makes up paths; it must not make up routes.
#[tokio::test]
async fn what_matches_nothing_has_one_route() {
    let service = Sandbox::new().start().await;
    let mut routes = BTreeSet::new();
    for target in ["/nowhere", "/a/b/c", "/mounted/nowhere", "/.env"] {
        let id = format!("unmatched-{}", crate::harness::fresh());
        service
            .send(Request::get(target).header("x-request-id", &id))
            .await;
        let line = service.access_line(&id).await;
        assert_eq!(line["path"], target);
        routes.insert(line["route"].as_str().unwrap().to_owned());
    }
    assert_eq!(routes.len(), 1, "{routes:?}");
}

#[tokio::test]
async fn a_client_that_goes_away_is_logged_as_aborted() {
    let service = Sandbox::new().start().await;
    let mut connection = service.connect().await;
    let request = Request::get("/sleep?ms=3600000").header("x-request-id", "gone");
    connection.write(&request.bytes()).await.unwrap();
    service
        .log_line("the handler at work", |line| line["message"] == "sleeping")
        .await;
    drop(connection);
    let line = service.access_line("gone").await;
    assert_eq!(line["aborted"], true, "{line}");
    assert_ne!(line["status"], 200, "{line}");
}

#[tokio::test]
async fn management_endpoints_are_not_logged() {
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
        "/routes",
    ] {
        service.get(target).await;
    }
    service.settle().await;
    let paths: Vec<String> = service
        .log()
        .iter()
        .filter(|line| line["target"] == "access")
        .map(|line| line["path"].to_string())
        .collect();
    assert_eq!(
        paths,
        ["\"/text\""],
        "only that of the request which waits for the log"
    );
}

#[tokio::test]
async fn it_can_be_switched_off_by_key_and_by_filter() {
    for sandbox in [
        Sandbox::new().env("APP_LOG__ACCESS", "false"),
        Sandbox::new().env("RUST_LOG", "info,access=off"),
    ] {
        let service = sandbox.start().await;
        assert_eq!(service.get("/request-id").await.status, 200);
        service
            .log_line("the handler's line", |line| {
                line["message"] == "logged by the handler"
            })
            .await;
        let exit = service.stop().await;
        assert!(
            !exit.log().iter().any(|line| line["target"] == "access"),
            "{exit:?}"
        );
    }
}

/// What a client sends cannot end its line, add a member, or colour a terminal.
#[tokio::test]
async fn a_client_cannot_forge_lines() {
    let service = Sandbox::new().start().await;
    let request = Request::get("/nowhere%0a%1b[31m{%22level%22:%22FATAL%22}")
        .header("x-request-id", "forged")
        .header("user-agent", "x\\\"}\t,\"level\":\"FATAL\"");
    service.send(request).await;
    let line = service.access_line("forged").await;
    assert_eq!(line["level"], "INFO");
    assert_eq!(line["user_agent"], "x\\\"}\t,\"level\":\"FATAL\"");
    service.settle().await;
    let exit = service.stop().await;
    assert!(
        exit.log().iter().all(|line| line["level"] != "FATAL"),
        "{exit:?}"
    );
    assert!(!exit.stdout.contains('\u{1b}'), "{exit:?}");
}
