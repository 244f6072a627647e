//! What a route says of itself: its limits, and who may call it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Sandbox, Service, eventually};
use crate::http::{Connection, Request};
use crate::problems::problem;

#[tokio::test]
async fn a_body_limit_may_be_smaller_or_larger_than_that_of_the_server() {
    for server in ["1KiB", "1MiB"] {
        let service = Sandbox::new()
            .env("APP_SERVER__BODY_LIMIT", server)
            .start()
            .await;
        for chunked in [false, true] {
            let upload = |bytes| {
                let request = Request::post("/bounded/upload").body(vec![b'x'; bytes]);
                if chunked { request.chunked() } else { request }
            };
            let answer = service.send(upload(4096)).await;
            assert_eq!((answer.status, answer.text()), (200, "4096"), "{server}");
            let answer = service.send(upload(4097)).await;
            problem("/bounded/upload", &answer, 413);
        }
    }
}

#[tokio::test]
async fn a_timeout_may_be_shorter_or_longer_than_that_of_the_server() {
    let service = Sandbox::new()
        .env("APP_SERVER__REQUEST_TIMEOUT", "500ms")
        .start()
        .await;
    let at = Instant::now();
    let answer = service.get("/bounded/hasty?ms=3600000").await;
    let took = at.elapsed();
    let problem = problem("/bounded/hasty", &answer, 503);
    assert_eq!(problem["detail"], "no answer within 200ms");
    assert!(
        took >= Duration::from_millis(200) && took < Duration::from_secs(3),
        "{took:?}"
    );
    let answer = service.get("/bounded/patient?ms=1000").await;
    assert_eq!((answer.status, answer.text()), (200, "done"));
}

/// Takes the only place, and is sure that it has it.
pub(crate) async fn occupy(service: &Service, target: &str, id: &str) -> Connection {
    let mut connection = service.connect().await;
    let request = Request::get(target).header("x-request-id", id);
    connection.write(&request.bytes()).await.unwrap();
    service
        .log_line("a handler inside", |line| {
            line["message"] == "inside" && line["request_id"] == id
        })
        .await;
    connection
}

pub(crate) async fn there_is_room(service: &Service, target: &str) {
    eventually("there is room again", async || {
        service.get(target).await.status == 200
    })
    .await;
}

#[tokio::test]
async fn beyond_the_places_of_a_route_requests_are_refused_and_other_routes_are_not() {
    let service = Sandbox::new().start().await;
    let narrow = "/bounded/narrow?ms=0";
    let busy = occupy(&service, "/bounded/narrow?ms=3600000", "one").await;
    for request in [
        Request::get(narrow),
        Request::new("HEAD", narrow),
        Request::get(narrow),
    ] {
        let at = Instant::now();
        let answer = service.send(request).await;
        assert!(at.elapsed() < Duration::from_secs(1), "{:?}", at.elapsed());
        assert_eq!(answer.status, 503);
        assert_eq!(answer.header("retry-after"), Some("1"));
    }
    problem(narrow, &service.get(narrow).await, 503);
    assert_eq!(service.get("/bounded/quiet").await.status, 200);
    let metrics = service.metrics().await;
    let scope = [("scope", "GET /bounded/narrow")];
    assert_eq!(
        metrics.value("http_route_requests_shed_total", &scope),
        Some(4.0)
    );
    // A client that goes away makes room.
    drop(busy);
    there_is_room(&service, narrow).await;
}

#[tokio::test]
async fn a_place_is_given_back_with_the_last_byte_and_by_a_panic() {
    let service = Sandbox::new().start().await;
    let mut streaming = occupy(&service, "/bounded/narrow?pieces=3&ms=300", "streams").await;
    assert_eq!(service.get("/bounded/narrow?ms=0").await.status, 503);
    let answer = streaming.answer("GET").await.unwrap();
    assert_eq!(answer.text().lines().count(), 3);
    there_is_room(&service, "/bounded/narrow?ms=0").await;
    // A client that reads half of it.
    let half = occupy(&service, "/bounded/narrow?pieces=1000&ms=100", "half").await;
    drop(half);
    there_is_room(&service, "/bounded/narrow?ms=0").await;
    for _ in 0..3 {
        problem("/bounded/panic", &service.get("/bounded/panic").await, 500);
    }
}

#[tokio::test]
async fn a_route_may_stay_out_of_the_access_log_and_is_counted_all_the_same() {
    let service = Sandbox::new().start().await;
    let quiet = Request::get("/bounded/quiet").header("x-request-id", "quiet");
    assert_eq!(service.send(quiet).await.status, 200);
    let head = Request::new("HEAD", "/bounded/quiet").header("x-request-id", "quiet-too");
    assert_eq!(service.send(head).await.status, 200);
    service.settle().await;
    let written = service.log();
    assert!(
        !written.iter().any(|line| line["path"] == "/bounded/quiet"),
        "{written:?}"
    );
    let metrics = service.metrics().await;
    for method in ["GET", "HEAD"] {
        let labels = [
            ("http_route", "/bounded/quiet"),
            ("http_request_method", method),
        ];
        let counted = metrics.value("http_server_request_duration_seconds_count", &labels);
        assert_eq!(counted, Some(1.0), "{method}");
    }
}

#[tokio::test]
async fn who_may_call_is_decided_before_the_handler_runs() {
    let service = Sandbox::new().start().await;
    let order = || Request::post("/guarded/orders").body("tea");
    let answer = service.send(order()).await;
    let unauthorized = problem("/guarded/orders", &answer, 401);
    assert_eq!(unauthorized["detail"], "a token is needed");
    assert_eq!(
        answer.header("www-authenticate"),
        Some("Bearer realm=\"rustboot-conformance\"")
    );
    let answer = service
        .send(order().header("authorization", "Bearer eve:customer"))
        .await;
    problem("/guarded/orders", &answer, 403);
    let answer = service
        .send(order().header("authorization", "Bearer mallory:admin"))
        .await;
    problem("/guarded/orders", &answer, 500);
    service.settle().await;
    assert!(
        !service
            .log()
            .iter()
            .any(|line| line["message"] == "the handler runs")
    );

    let answer = service
        .send(order().header("authorization", "Bearer bob:support"))
        .await;
    assert_eq!(answer.text(), "bob the support: tea");
    // No role is demanded, and the only scheme need not be named.
    let bob = |target| Request::get(target).header("authorization", "Bearer bob:customer");
    assert_eq!(
        service.send(bob("/guarded/7")).await.text(),
        "bob asks for 7"
    );
    assert_eq!(service.get("/guarded/7").await.status, 401);
    assert_eq!(service.send(bob("/guarded/staff")).await.status, 403);
    assert_eq!(service.get("/guarded/open").await.text(), "open");
}

#[tokio::test]
async fn a_route_that_demands_what_nobody_enforces_keeps_the_application_from_starting() {
    let unguarded = || Sandbox::new().env("APP_CONFORMANCE__AUTHENTICATOR", "false");
    for command in ["run", "check"] {
        let exit = unguarded().run(&[command]).await;
        assert_eq!(exit.code, Some(78), "{exit:?}");
        let text = exit.stderr;
        assert!(text.contains("error: the wiring has 6 problems"), "{text}");
        for line in [
            "GET /guarded/staff: it demands one of the roles admin, and nothing in this application enforces that: it would be open to everybody",
            "the router mounted in conformance/src/main.rs:",
            "it demands one of the roles admin, support, and nothing",
            "POST /guarded/orders: it demands the security scheme \"bearer\", and nothing",
            "declared by `service::guarded::order` (conformance/src/guarded.rs:",
            "help: add a module that brings an authenticator (`app.authenticator(…)`), or take `roles` and `security` away",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
    }
}

/// As with a route: behind the limits, before the layers of the router and its handlers.
#[tokio::test]
async fn who_may_call_a_mounted_router_is_decided_before_it_runs() {
    let service = Sandbox::new().start().await;
    let orders = "/guarded-router/orders";
    let order = |caller: &str| {
        let request = Request::post(orders).body("tea");
        match caller {
            "" => request,
            caller => request.header("authorization", &format!("Bearer {caller}")),
        }
    };
    for (caller, status) in [("", 401), ("eve:customer", 403), ("mallory:admin", 500)] {
        // More often than there are places: each is given back.
        for _ in 0..4 {
            let answer = service.send(order(caller)).await;
            problem(orders, &answer, status);
            assert_eq!(answer.header("www-authenticate").is_some(), status == 401);
        }
    }
    // Whatever the method, and whatever is wrong beside.
    assert_eq!(service.get(orders).await.status, 401);
    assert_eq!(service.get("/guarded-router/7").await.status, 401);
    let head = Request::new("HEAD", "/guarded-router/7");
    assert_eq!(service.send(head).await.status, 401);
    // Nobody's path demands nothing, and the limits come first.
    assert_eq!(service.get("/guarded-router/a/b").await.status, 404);
    let large = Request::post(orders).body(vec![b'x'; 65]);
    problem(orders, &service.send(large).await, 413);
    service.settle().await;
    let ran = |line: &Value| {
        let message = line["message"].as_str().unwrap_or_default();
        ["the layer runs", "the handler runs"].contains(&message)
    };
    assert!(!service.log().iter().any(ran), "{:?}", service.log());

    let answer = service.send(order("bob:support")).await;
    assert_eq!(answer.text(), "bob the support: tea");
    let seven = Request::get("/guarded-router/7").header("authorization", "Bearer ann:admin");
    assert_eq!(service.send(seven).await.text(), "ann asks for 7");
    service.log_line("the layer", ran).await;
    let wrong = Request::new("DELETE", orders).header("authorization", "Bearer ann:admin");
    let answer = service.send(wrong).await;
    assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")));
    let metrics = service.metrics().await;
    let refused = [("http_route", orders), ("http_response_status_code", "403")];
    let counted = metrics.value("http_server_request_duration_seconds_count", &refused);
    assert_eq!(counted, Some(4.0), "under the template of its route");

    let listed = service.get("/routes").await.json();
    let mounted = &listed["mounted"][2];
    assert_eq!(
        mounted["security"],
        json!({ "scheme": null, "roles": ["admin", "support"] })
    );
    assert_eq!(listed["mounted"][0].get("security"), None);
    let exit = Sandbox::new().run(&["routes"]).await;
    let mut routers = exit
        .stdout
        .lines()
        .filter(|line| line.starts_with("router  mounted in"));
    let line = routers.next_back().unwrap();
    assert!(
        line.ends_with(" [body_limit 64B, max_in_flight 3, roles admin|support]"),
        "{line}"
    );
}

#[tokio::test]
async fn the_list_of_routes_says_what_each_has_of_its_own() {
    let service = Sandbox::new().start().await;
    let listed = service.get("/routes").await.json();
    let of = |path: &str| {
        let routes = listed["routes"].as_array().unwrap();
        routes.iter().find(|r| r["path"] == path).unwrap().clone()
    };
    let narrow = of("/bounded/narrow");
    assert_eq!(narrow["tag"], "bounded");
    assert_eq!(narrow["settings"], json!({ "max_in_flight": 1 }));
    assert_eq!(
        of("/bounded/hasty")["settings"],
        json!({ "timeout": "200ms" })
    );
    assert_eq!(
        of("/bounded/upload")["settings"],
        json!({ "body_limit": "4KiB" })
    );
    assert_eq!(
        of("/bounded/quiet")["settings"],
        json!({ "access_log": false })
    );
    assert_eq!(
        of("/guarded/orders")["security"],
        json!({ "scheme": "bearer", "roles": ["admin", "support"] })
    );
    assert_eq!(
        of("/guarded/staff")["security"],
        json!({ "scheme": null, "roles": ["admin"] })
    );
    for nothing in ["/text", "/guarded/open"] {
        let members = of(nothing);
        assert_eq!(members.as_object().unwrap().len(), 4, "{members}");
    }

    let exit = Sandbox::new().run(&["routes"]).await;
    let line = |path: &str| {
        let mut lines = exit.stdout.lines();
        let found = lines.find(|line| line.contains(&format!(" {path} ")));
        found.unwrap().to_owned()
    };
    assert!(line("/bounded/hasty").ends_with(" [timeout 200ms]"));
    assert!(line("/guarded/orders").ends_with(" [security bearer, roles admin|support]"));
    assert!(line("/text").ends_with(')'));
}

#[tokio::test]
async fn a_mounted_router_may_have_limits_of_its_own() {
    for server in ["1KiB", "1MiB"] {
        let service = Sandbox::new()
            .env("APP_SERVER__BODY_LIMIT", server)
            .start()
            .await;
        for chunked in [false, true] {
            let upload = |target, bytes| {
                let request = Request::post(target).body(vec![b'1'; bytes]);
                let request = request.header("content-type", "application/json");
                if chunked { request.chunked() } else { request }
            };
            let own = "/bounded-router/upload";
            let answer = service.send(upload(own, 4096)).await;
            assert_eq!((answer.status, answer.text()), (200, "4096"), "{server}");
            problem(own, &service.send(upload(own, 4097)).await, 413);
            // The other router has the limit of the server.
            let large = if server == "1KiB" {
                1025
            } else {
                (1 << 20) + 1
            };
            let answer = service.send(upload("/mounted/echo", large)).await;
            problem("/mounted/echo", &answer, 413);
        }
    }
}

#[tokio::test]
async fn a_mounted_router_may_have_a_timeout_and_places_of_its_own() {
    let service = Sandbox::new().start().await;
    let late = "/bounded-router/sleep/3600000";
    let answer = service.get(late).await;
    assert_eq!(
        problem(late, &answer, 503)["detail"],
        "no answer within 400ms"
    );
    assert_eq!(service.get("/mounted/sleep/600").await.text(), "slept");

    let free = "/bounded-router/sleep/0";
    let mut streaming = occupy(&service, "/bounded-router/stream", "streams").await;
    let answer = service.get(free).await;
    problem(free, &answer, 503);
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(service.get("/mounted/sleep/0").await.status, 200);
    // Nobody's path takes nobody's place.
    assert_eq!(service.get("/bounded-router/nowhere").await.status, 404);
    let answer = streaming.answer("GET").await.unwrap();
    assert_eq!(answer.text().lines().count(), 3);
    there_is_room(&service, free).await;
    // A client that goes away, and a panic, give it back.
    drop(occupy(&service, "/bounded-router/stream", "gone").await);
    there_is_room(&service, free).await;
    for _ in 0..3 {
        let panics = "/bounded-router/panic";
        problem(panics, &service.get(panics).await, 500);
    }

    service.settle().await;
    let written = service.log();
    let is_access = |path: &str| {
        let mut lines = written.iter();
        lines.any(|line| line["target"] == "access" && line["path"] == path)
    };
    assert!(is_access("/mounted/sleep/0") && !is_access(free));
    let listed = service.get("/routes").await.json();
    assert_eq!(
        listed["mounted"][1]["settings"],
        json!({ "timeout": "400ms", "body_limit": "4KiB", "max_in_flight": 1, "access_log": false })
    );
}

/// A layer around the routers may call them from another task. The pipeline learns of the route with the answer.
#[tokio::test]
async fn a_mounted_router_that_is_called_from_a_task_of_its_own_keeps_its_settings() {
    let service = Sandbox::new().start().await;
    let apart = |target: &str, id: &str| {
        let request = Request::get(target).header("x-apart", "yes");
        request.header("x-request-id", id)
    };
    let answer = service.send(apart("/mounted/names/ann", "apart")).await;
    assert_eq!(answer.text(), "ann");
    let line = service.access_line("apart").await;
    assert_eq!(line["route"], "/mounted/names/{name}");

    // One place, also for who is called like that.
    let free = "/bounded-router/sleep/0";
    let mut sleeping = service.connect().await;
    let sleeps = apart("/bounded-router/sleep/300", "sleeps");
    sleeping.write(&sleeps.bytes()).await.unwrap();
    service
        .log_line("the sleep", |line| line["message"] == "sleeping")
        .await;
    problem(free, &service.get(free).await, 503);
    problem(free, &service.send(apart(free, "refused")).await, 503);
    assert_eq!(sleeping.answer("GET").await.unwrap().text(), "slept");
    there_is_room(&service, free).await;
    service.settle().await;
    let written = service.log();
    let is_access = |id: &str| {
        let mut lines = written.iter();
        lines.any(|line| line["target"] == "access" && line["request_id"] == id)
    };
    assert!(is_access("apart") && !is_access("sleeps") && !is_access("refused"));
}
