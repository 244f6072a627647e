//! What is done to every request and answer: ids, headers, extractors of all kinds.

use std::collections::HashSet;

use crate::harness::Sandbox;
use crate::http::Request;

#[tokio::test]
async fn every_kind_of_handler_answers() {
    let service = Sandbox::new().start().await;
    for (target, text) in [
        ("/text", "hello"),
        ("/items/-7", "-7"),
        ("/axum-items/-7", "-7"),
        ("/shops/k%C3%BCche%2F1/items/a/b%20c", "küche/1 a/b c"),
        ("/search?q=a%20b&page=2", "a b 2"),
        ("/search?q=", " 1"),
        ("/greeting", "prices in EUR"),
        ("/optional", "true false"),
        ("/settings", "EUR 30s card+cash"),
        ("/client-ip", "127.0.0.1"),
        ("/stream?pieces=2", "piece 0\npiece 1\n"),
        ("/sleep?ms=1", "slept"),
        ("/mounted/names/a%20b", "a b"),
        ("/mounted/ours/255", "255"),
    ] {
        let answer = service.get(target).await;
        assert_eq!((answer.status, answer.text()), (200, text), "{target}");
    }
    for target in ["/echo", "/mounted/echo"] {
        let body = r#"{"a":[1,2.5,null],"b":"ü"}"#;
        let answer = service.send(Request::post(target).json(body)).await;
        assert_eq!((answer.status, answer.text()), (200, body));
        let answer = service
            .send(Request::post(target).json(body).chunked())
            .await;
        assert_eq!((answer.status, answer.text()), (200, body), "chunked");
    }
    let answer = service.send(Request::new("DELETE", "/items/1")).await;
    assert_eq!((answer.status, answer.text()), (204, ""));
    let answer = service
        .send(Request::get("/mounted/greeting").header("x-request-id", "it"))
        .await;
    assert_eq!(answer.text(), "prices in EUR for it");
}

/// An attribute handler gets its JSON without axum's extractor, wherever that would make no difference.
#[tokio::test]
async fn json_means_the_same_in_a_mounted_router_and_out_of_it() {
    let service = Sandbox::new().start().await;
    for (content_type, is_json) in [
        (Some("application/json"), true),
        (Some("APPLICATION/JSON"), true),
        (Some("application/json; charset=utf-8"), true),
        (Some("application/vnd.shop+json"), true),
        (Some("application/jsonp"), false),
        (Some("text/plain"), false),
        (None, false),
    ] {
        for (body, status) in [("[1,{}]", 200), ("", 400), ("[1,{}", 400), ("[] []", 400)] {
            let answer = async |target: &str, chunked: bool| {
                let mut request = Request::post(target).body(body);
                if let Some(content_type) = content_type {
                    request = request.header("content-type", content_type);
                }
                if chunked {
                    request = request.chunked();
                }
                let answer = service.send(request).await;
                let mut said = answer.json();
                if let Some(problem) = said.as_object_mut() {
                    problem.remove("instance");
                    problem.remove("request_id");
                }
                (answer.status, said)
            };
            for chunked in [false, true] {
                let ours = answer("/echo", chunked).await;
                let what = format!("{content_type:?} {body:?} {chunked}");
                assert_eq!(ours, answer("/mounted/echo", chunked).await, "{what}");
                if is_json {
                    assert_eq!(ours.0, status, "{what}");
                }
            }
        }
    }
}

/// In as many pieces as the client likes; one that goes away half-way gets nobody into trouble.
#[tokio::test]
async fn json_may_come_in_pieces() {
    let service = Sandbox::new().start().await;
    let head = b"POST /echo HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 11\r\n\r\n";
    let mut connection = service.connect().await;
    for piece in [&head[..], b"[1", b",22,", b"333 ]"] {
        connection.write(piece).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let answer = connection.answer("POST").await.unwrap();
    assert_eq!((answer.status, answer.text()), (200, "[1,22,333]"));

    let mut connection = service.connect().await;
    connection.write(head).await.unwrap();
    connection.write(b"[1").await.unwrap();
    drop(connection);
    assert_eq!(service.get("/text").await.text(), "hello");
    service.settle().await;
}

#[tokio::test]
async fn a_request_id_is_kept_and_in_the_answer_and_in_every_log_line() {
    let service = Sandbox::new().start().await;
    let longest = "x".repeat(128);
    for id in ["a", "7f3a-B_c.9", longest.as_str()] {
        let answer = service
            .send(Request::get("/request-id").header("x-request-id", id))
            .await;
        assert_eq!(
            (answer.text(), answer.header("x-request-id")),
            (id, Some(id))
        );
        service.access_line(id).await;
        let line = service
            .log_line("the handler's line", |line| {
                line["message"] == "logged by the handler" && line["request_id"] == id
            })
            .await;
        assert_eq!(line["target"], "service::surroundings");
    }
}

#[tokio::test]
async fn a_request_id_that_is_not_well_formed_is_replaced() {
    let service = Sandbox::new().start().await;
    let too_long = "x".repeat(129);
    let mut made = HashSet::new();
    for id in [
        None,
        Some(""),
        Some("a b"),
        Some("a/b"),
        Some("{\"x\":1}"),
        Some("ü"),
        Some(too_long.as_str()),
    ] {
        let request = Request::get("/request-id");
        let request = match id {
            Some(id) => request.header("x-request-id", id),
            None => request,
        };
        let answer = service.send(request).await;
        let new = answer.header("x-request-id").unwrap().to_owned();
        assert_ne!(Some(new.as_str()), id);
        assert_eq!(answer.text(), new);
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        assert!(
            (1..=128).contains(&new.len()) && new.chars().all(is_allowed),
            "{new}"
        );
        assert!(made.insert(new), "each request has its own");
    }
}

#[tokio::test]
async fn the_trace_of_the_caller_is_in_the_log() {
    let service = Sandbox::new().start().await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let request = Request::get("/request-id")
        .header("x-request-id", "traced")
        .header("traceparent", &format!("00-{trace}-00f067aa0ba902b7-01"));
    service.send(request).await;
    assert_eq!(service.access_line("traced").await["trace_id"], trace);
    let line = service
        .log_line("the handler's line", |line| {
            line["message"] == "logged by the handler"
        })
        .await;
    assert_eq!(line["trace_id"], trace);
}

#[tokio::test]
async fn every_answer_has_the_headers_that_protect() {
    let service = Sandbox::new().start().await;
    for target in [
        "/text",
        "/nowhere",
        "/panic",
        "/error/internal",
        "/mounted/names/x",
        "/live",
        "/metrics",
        "/stream?pieces=1",
    ] {
        let answer = service.get(target).await;
        assert_eq!(
            answer.header("x-content-type-options"),
            Some("nosniff"),
            "{target}"
        );
        assert_eq!(answer.header("x-frame-options"), Some("DENY"), "{target}");
        assert_eq!(
            answer.header("referrer-policy"),
            Some("no-referrer"),
            "{target}"
        );
        assert!(answer.header("x-request-id").is_some(), "{target}");
        assert!(answer.header("date").is_some(), "{target}");
        assert_eq!(
            answer.header("server"),
            None,
            "{target}: nobody has to know"
        );
    }
}

/// HEAD is GET without the content, and the connection stays usable.
#[tokio::test]
async fn head_answers_without_a_body() {
    let service = Sandbox::new().start().await;
    let mut connection = service.connect().await;
    for target in ["/text", "/items/1", "/mounted/names/x", "/nowhere", "/live"] {
        let get = connection.send(&Request::get(target)).await.unwrap();
        let head = connection
            .send(&Request::new("HEAD", target))
            .await
            .unwrap();
        assert_eq!(head.status, get.status, "{target}");
        assert_eq!(
            head.header("content-type"),
            get.header("content-type"),
            "{target}"
        );
        if target != "/live" && get.status == 200 {
            assert_eq!(
                head.header("content-length"),
                get.header("content-length"),
                "{target}"
            );
        }
        assert_eq!(head.text(), "", "{target}");
    }
    assert_eq!(
        connection
            .send(&Request::get("/text"))
            .await
            .unwrap()
            .text(),
        "hello"
    );
}

/// Forwarding headers are the claim of whoever sends them, unless that is a proxy of ours.
#[tokio::test]
async fn only_trusted_proxies_are_believed() {
    let ask = async |trusted: Option<&str>, forwarded: &str| {
        let sandbox = match trusted {
            Some(trusted) => Sandbox::new().env("APP_SERVER__TRUSTED_PROXIES", trusted),
            None => Sandbox::new(),
        };
        let service = sandbox.start().await;
        let request = Request::get("/client-ip")
            .header("x-forwarded-for", forwarded)
            .header("x-request-id", "who");
        let answer = service.send(request).await.text().to_owned();
        assert_eq!(
            service.access_line("who").await["client_ip"],
            answer,
            "the access log agrees"
        );
        answer
    };
    assert_eq!(ask(None, "203.0.113.9").await, "127.0.0.1");
    assert_eq!(ask(Some("10.0.0.0/8"), "203.0.113.9").await, "127.0.0.1");
    assert_eq!(ask(Some("127.0.0.0/8"), "203.0.113.9").await, "203.0.113.9");
    assert_eq!(
        ask(
            Some("127.0.0.1,10.0.0.0/8"),
            "6.6.6.6, 203.0.113.9, 10.1.2.3"
        )
        .await,
        "203.0.113.9"
    );
    assert_eq!(ask(Some("127.0.0.1"), "not an address").await, "127.0.0.1");
}

/// One header is believed, and no other: a proxy passes on the ones that it does not know.
#[tokio::test]
async fn the_forwarding_header_that_is_believed_can_be_chosen() {
    for (believed, headers) in [
        (
            "forwarded",
            [
                ("forwarded", "for=\"[2001:db8::7]:443\";proto=https"),
                ("x-forwarded-for", "6.6.6.6"),
            ],
        ),
        (
            "X-Real-IP",
            [("x-real-ip", "2001:db8::7"), ("x-forwarded-for", "6.6.6.6")],
        ),
        (
            "x-forwarded-for",
            [
                ("x-forwarded-for", "2001:db8::7"),
                ("forwarded", "for=6.6.6.6"),
            ],
        ),
    ] {
        let service = Sandbox::new()
            .env("APP_SERVER__TRUSTED_PROXIES", "127.0.0.1")
            .env("APP_SERVER__FORWARDED_HEADER", believed)
            .start()
            .await;
        let mut request = Request::get("/client-ip");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        assert_eq!(
            service.send(request).await.text(),
            "2001:db8::7",
            "{believed}"
        );
    }
    let exit = Sandbox::new()
        .env("APP_SERVER__FORWARDED_HEADER", "x real ip")
        .run(&[])
        .await;
    assert_eq!(exit.code, Some(78), "{exit:?}");
    assert!(
        exit.stderr
            .contains("server.forwarded_header: expected the name of a header"),
        "{exit:?}"
    );
}

/// Two requests in one packet get two answers, in their order.
#[tokio::test]
async fn requests_may_be_pipelined() {
    let service = Sandbox::new().start().await;
    let mut connection = service.connect().await;
    let mut both = Request::get("/sleep?ms=50").bytes();
    both.extend(Request::get("/text").bytes());
    connection.write(&both).await.unwrap();
    assert_eq!(connection.answer("GET").await.unwrap().text(), "slept");
    assert_eq!(connection.answer("GET").await.unwrap().text(), "hello");
}
