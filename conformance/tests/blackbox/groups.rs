//! Groups of routes: prefix, tag, limits, who may call, and the user's layers around some routes and no others.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::Sandbox;
use crate::http::Request;
use crate::problems::problem;
use crate::routes::{occupy, there_is_room};

#[tokio::test]
async fn prefixes_join_and_the_root_of_a_group_has_no_slash_at_the_end() {
    let service = Sandbox::new().start().await;
    for (target, text) in [
        ("/grouped", "root"),
        ("/grouped/shops/bakery", "bakery"),
        (
            "/grouped/shops/bakery/items/7",
            "7 of bakery at /grouped/shops/bakery/items/7",
        ),
        ("/library/books/3", "book 3"),
        ("/library/novels", "novels"),
        ("/by-hand/tally", "by hand"),
        ("/by-hand/plain", "by hand"),
    ] {
        let answer = service.get(target).await;
        assert_eq!((answer.status, answer.text()), (200, text), "{target}");
    }
    for target in ["/grouped/", "/shops/bakery", "/books/3", "/by-hand"] {
        problem(target, &service.get(target).await, 404);
    }
    let answer = service.send(Request::post("/grouped")).await;
    assert_eq!(
        (answer.status, answer.header("allow")),
        (405, Some("GET, HEAD"))
    );
}

#[tokio::test]
async fn what_a_route_says_itself_wins_over_its_group_and_that_over_the_one_around() {
    let service = Sandbox::new().start().await;
    let at = Instant::now();
    let late = "/grouped/shops/bakery/late";
    problem(late, &service.get(late).await, 503);
    let took = at.elapsed();
    assert!(
        took >= Duration::from_millis(300) && took < Duration::from_secs(5),
        "{took:?}"
    );
    let slow = Request::get("/grouped/shops/bakery/slow").header("x-request-id", "slow");
    assert_eq!(service.send(slow).await.text(), "bakery at last");
    service.access_line("slow").await;
    service.get("/grouped/shops/silent").await;
    service.settle().await;
    let written = service.log();
    assert!(
        !written
            .iter()
            .any(|line| line["path"] == "/grouped/shops/silent"),
        "{written:?}"
    );

    let listed = service.get("/routes").await.json();
    let of = |path: &str| {
        let routes = listed["routes"].as_array().unwrap();
        let mut route = routes.iter().find(|r| r["path"] == path).unwrap().clone();
        for known in ["handler", "location", "method", "path"] {
            assert!(route.as_object_mut().unwrap().remove(known).is_some());
        }
        route
    };
    assert_eq!(
        of("/grouped/shops/{shop}/slow"),
        json!({
            "group": "service::grouped::sections::shops",
            "tag": "shops",
            "settings": { "timeout": "600s", "access_log": true },
            "layers": true,
        })
    );
    assert_eq!(
        of("/grouped/staff/files"),
        json!({
            "group": "service::grouped::sections::staff",
            "tag": "grouped",
            "settings": { "timeout": "300ms" },
            "security": { "scheme": "bearer", "roles": ["admin"] },
            "layers": true,
        })
    );
    assert_eq!(
        of("/library/novels"),
        json!({ "group": "service::grouped::library", "tag": "books" })
    );
    assert_eq!(
        of("/by-hand/plain"),
        json!({ "group": "by hand", "tag": "hand" })
    );
}

#[tokio::test]
async fn layers_stand_around_the_routes_that_have_them_the_first_outermost() {
    let service = Sandbox::new().start().await;
    let answer = service.get("/grouped").await;
    assert_eq!(answer.header("x-layers"), Some("outer"));
    let answer = service.get("/grouped/shops/bakery/slow").await;
    assert_eq!(answer.headers("x-layers"), ["second", "first", "outer"]);
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(service.get("/text").await.header("x-layers"), None);
    assert_eq!(
        service.get("/library/novels").await.header("x-layers"),
        None
    );
    // HEAD as well.
    let answer = service.send(Request::new("HEAD", "/grouped")).await;
    assert_eq!(answer.header("x-layers"), Some("outer"));
}

/// What a layer shares between its clones is shared by the group, and not beyond it.
#[tokio::test]
async fn the_layers_of_a_group_are_made_once() {
    let service = Sandbox::new().start().await;
    for (target, numbered) in [
        ("/grouped/shops/bakery", "1 /grouped/shops/{shop}"),
        (
            "/grouped/shops/bakery/items/7",
            "2 /grouped/shops/{shop}/items/{id}",
        ),
        ("/by-hand/tally", "1 /by-hand/tally"),
        ("/grouped/shops/butcher", "3 /grouped/shops/{shop}"),
        ("/by-hand/tally", "2 /by-hand/tally"),
    ] {
        let answer = service.get(target).await;
        assert_eq!(answer.header("x-number"), Some(numbered), "{target}");
    }
    let metrics = service.metrics().await;
    let labels = [
        ("http_route", "/grouped/shops/{shop}"),
        ("http_request_method", "GET"),
    ];
    assert_eq!(
        metrics.value("http_server_request_duration_seconds_count", &labels),
        Some(2.0)
    );
}

#[tokio::test]
async fn errors_of_layers_and_panics_inside_of_them_are_problems() {
    let service = Sandbox::new().start().await;
    let answer = service
        .send(Request::post("/grouped/closed").body("anybody?"))
        .await;
    let gone = problem("/grouped/closed", &answer, 410);
    assert_eq!(gone["detail"], "/grouped/closed is closed");
    assert_eq!(answer.header("x-layers"), Some("outer"));
    let target = "/grouped/shops/bakery/panic";
    problem(target, &service.get(target).await, 500);
    let wrong = "/grouped/shops/bakery/items/many";
    problem(wrong, &service.get(wrong).await, 400);
}

#[tokio::test]
async fn an_in_flight_limit_of_a_group_is_one_for_its_routes_together() {
    let service = Sandbox::new().start().await;
    let busy = occupy(&service, "/grouped/narrow/a", "a").await;
    let answer = service.get("/grouped/narrow/b").await;
    problem("/grouped/narrow/b", &answer, 503);
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(service.get("/grouped/narrow/own").await.status, 200);
    assert_eq!(service.get("/grouped").await.status, 200);
    let scope = [("scope", "service::grouped::sections::narrow")];
    let shed = service.metrics().await;
    assert_eq!(
        shed.value("http_route_requests_shed_total", &scope),
        Some(1.0)
    );
    drop(busy);
    there_is_room(&service, "/grouped/narrow/b").await;
}

#[tokio::test]
async fn a_group_says_who_may_call_and_a_route_in_it_may_say_otherwise() {
    let service = Sandbox::new().start().await;
    let by = |target, role| {
        let token = format!("Bearer bob:{role}");
        Request::get(target).header("authorization", &token)
    };
    for (request, status) in [
        (Request::get("/grouped/staff/files"), 401),
        (by("/grouped/staff/files", "support"), 403),
        (by("/grouped/staff/files", "admin"), 200),
        (by("/grouped/staff/help", "support"), 200),
        (by("/grouped/staff/help", "admin"), 403),
        (Request::get("/grouped/staff/login"), 200),
        (Request::get("/grouped"), 200),
    ] {
        let target = request.target.clone();
        assert_eq!(service.send(request).await.status, status, "{target}");
    }
    // Who may not call does not get as far as the layers.
    let refused = service.get("/grouped/staff/files").await;
    assert_eq!(refused.header("x-layers"), None);
}
