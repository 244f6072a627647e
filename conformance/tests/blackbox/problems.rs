//! Every error is a problem document (RFC 9457), whoever made it, and says nothing about the inside.

use serde_json::{Value, json};

use crate::harness::{Sandbox, Service};
use crate::http::{Request, Response};

/// Checks what all problems have in common, and gives the document.
pub(crate) fn problem(target: &str, answer: &Response, status: u16) -> Value {
    assert_eq!(answer.status, status, "{target}: {answer:?}");
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json"),
        "{target}"
    );
    let problem = answer.json();
    let path = target.split('?').next().unwrap();
    assert_eq!(problem["type"], "about:blank", "{target}");
    assert_eq!(problem["status"], status, "{target}");
    assert_eq!(problem["instance"], path, "{target}");
    assert_eq!(
        problem["request_id"],
        answer.header("x-request-id").unwrap(),
        "{target}"
    );
    let known = [
        "type",
        "title",
        "status",
        "detail",
        "instance",
        "request_id",
        "errors",
    ];
    for (member, value) in problem.as_object().unwrap() {
        assert!(known.contains(&member.as_str()), "{target}: {member}");
        assert!(
            value != "" && !value.is_null(),
            "{target}: {member} is empty"
        );
    }
    problem
}

/// Sends a request that must fail.
async fn fails(service: &Service, request: Request, status: u16) -> (Value, Response) {
    let target = request.target.clone();
    let answer = service.send(request).await;
    (problem(&target, &answer, status), answer)
}

#[tokio::test]
async fn a_path_that_nobody_knows_is_a_404() {
    let service = Sandbox::new().start().await;
    for target in [
        "/nowhere",
        "/text/",
        "/mounted/nowhere",
        "/items",
        "/nowhere?token=x",
        "/%00",
    ] {
        let (problem, _) = fails(&service, Request::get(target), 404).await;
        assert_eq!(problem["title"], "Not Found");
    }
    let (problem, _) = fails(&service, Request::get("/error/missing"), 404).await;
    assert!(problem["detail"].is_string());
}

#[tokio::test]
async fn a_method_that_the_path_does_not_have_is_a_405_with_allow() {
    let service = Sandbox::new().start().await;
    for (request, allowed) in [
        (Request::post("/text"), &["GET", "HEAD"][..]),
        (Request::new("PUT", "/items/1"), &["DELETE", "GET", "HEAD"]),
        (Request::get("/echo"), &["POST"]),
        (Request::new("BREW", "/text"), &["GET", "HEAD"]),
        (Request::get("/mounted/echo"), &["POST"]),
        (Request::post("/mounted/names/x"), &["GET", "HEAD"]),
        (Request::post("/live"), &["GET", "HEAD"]),
        // One path, with an attribute route for one method and a mounted one for another.
        (Request::new("DELETE", "/shared"), &["GET", "HEAD", "POST"]),
    ] {
        let what = format!("{} {}", request.method, request.target);
        let (problem, answer) = fails(&service, request, 405).await;
        assert_eq!(problem["title"], "Method Not Allowed", "{what}");
        let mut allow: Vec<&str> = answer
            .header("allow")
            .unwrap_or_default()
            .split(',')
            .map(str::trim)
            .collect();
        allow.sort_unstable();
        assert_eq!(allow, allowed, "{what}");
    }
    assert_eq!(service.get("/shared").await.text(), "attribute");
    assert_eq!(
        service.send(Request::post("/shared")).await.text(),
        "mounted"
    );
    // What a mounted handler does not find is no wrong method, however it says so.
    for body in ["missing", "nothing"] {
        fails(&service, Request::post("/shared").body(body), 404).await;
    }
}

#[tokio::test]
async fn a_body_of_another_kind_is_a_415() {
    let service = Sandbox::new().start().await;
    for target in ["/orders", "/echo", "/mounted/echo"] {
        fails(&service, Request::post(target).body("{}"), 415).await;
        fails(
            &service,
            Request::post(target)
                .header("content-type", "text/plain")
                .body("{}"),
            415,
        )
        .await;
    }
}

#[tokio::test]
async fn a_body_that_is_not_json_is_a_400() {
    let service = Sandbox::new().start().await;
    for target in ["/orders", "/echo", "/mounted/echo"] {
        for body in [
            "",
            "{",
            "{\"customer\": }",
            r#"{"customer":"x","quantity":1,"lines":[]} x"#,
        ] {
            let (problem, _) = fails(&service, Request::post(target).json(body), 400).await;
            assert!(problem["detail"].is_string(), "{target} {body}");
        }
    }
}

#[tokio::test]
async fn invalid_fields_are_a_422_with_a_pointer_to_each() {
    let service = Sandbox::new().start().await;
    let pointers = async |body: &str| -> Vec<String> {
        let (problem, _) = fails(&service, Request::post("/orders").json(body), 422).await;
        let errors = problem["errors"].as_array().unwrap();
        let mut pointers: Vec<String> = errors
            .iter()
            .map(|error| {
                assert!(
                    error["detail"]
                        .as_str()
                        .is_some_and(|detail| !detail.is_empty()),
                    "{error}"
                );
                error["pointer"].as_str().unwrap().to_owned()
            })
            .collect();
        pointers.sort();
        pointers
    };
    let several = r#"{"customer":"","quantity":101,"lines":[{"sku":"abc"},{"sku":"a"}]}"#;
    assert_eq!(
        pointers(several).await,
        ["/customer", "/lines/1/sku", "/quantity"]
    );
    let wrong_type = r#"{"customer":"x","quantity":1,"lines":[{"sku":"abc"},{"sku":7}]}"#;
    assert_eq!(pointers(wrong_type).await, ["/lines/1/sku"]);
    assert_eq!(
        pointers(r#"{"customer":"x","lines":[]}"#).await,
        ["/quantity"]
    );

    let good = r#"{"customer":"x","quantity":1,"lines":[{"sku":"abc"}]}"#;
    let answer = service.send(Request::post("/orders").json(good)).await;
    assert_eq!((answer.status, answer.text()), (201, good));
    let answer = service
        .send(
            Request::post("/orders")
                .header("content-type", "application/vnd.shop+json")
                .body(good),
        )
        .await;
    assert_eq!(answer.status, 201);
}

#[tokio::test]
async fn parameters_that_do_not_fit_are_a_400() {
    let service = Sandbox::new().start().await;
    for target in [
        "/items/x",
        "/items/99999999999999999999",
        "/axum-items/x",
        "/mounted/ours/256",
        "/search",
        "/search?q=x&page=y",
        "/shops/%ff/items/x",
    ] {
        fails(&service, Request::get(target), 400).await;
    }
    let (problem, _) = fails(&service, Request::get("/items/x"), 400).await;
    assert!(
        problem["detail"].as_str().unwrap().contains("`id`"),
        "{problem}"
    );
}

#[tokio::test]
async fn a_failure_on_our_side_says_nothing_and_the_log_has_it_with_the_same_id() {
    let service = Sandbox::new().start().await;
    for (target, status, cause) in [
        ("/error/internal", 500, "the secret internals of an error"),
        ("/error/io", 500, "No such file or directory"),
        ("/error/plain", 500, "the secret internals of a text"),
        ("/error/elapsed", 503, "deadline has elapsed"),
        (
            "/error/unavailable",
            503,
            "the secret internals of a dependency",
        ),
        (
            "/mounted/error",
            500,
            "the secret internals of a mounted error",
        ),
    ] {
        let (problem, answer) = fails(&service, Request::get(target), status).await;
        assert_eq!(problem["detail"], nothing_said(status), "{target}");
        let everything = answer.everything();
        assert!(
            !everything.contains("internals") && !everything.contains("No such file"),
            "{everything}"
        );
        let line = service
            .log_line(cause, |line| {
                line["level"] == "ERROR" && line.to_string().contains(cause)
            })
            .await;
        assert_eq!(line["request_id"], problem["request_id"], "{target}");
        let access = service
            .access_line(problem["request_id"].as_str().unwrap())
            .await;
        assert_eq!(access["status"], status);
    }
}

#[tokio::test]
async fn a_client_error_keeps_its_detail() {
    let service = Sandbox::new().start().await;
    let (problem, _) = fails(&service, Request::get("/error/conflict"), 409).await;
    assert_eq!(
        (&problem["title"], &problem["detail"]),
        (&json!("Conflict"), &json!("the code is taken"))
    );
}

#[tokio::test]
async fn a_text_of_any_length_is_a_problem() {
    let service = Sandbox::new().start().await;
    for (bytes, kept) in [(2, 2), (4096, 4096), (4098, 4096), (3_000_000, 4096)] {
        for streamed in [false, true] {
            let target = format!("/error/long?bytes={bytes}&status=409&streamed={streamed}");
            let (problem, _) = fails(&service, Request::get(&target), 409).await;
            let detail = problem["detail"].as_str().unwrap();
            let letters = detail.trim_end_matches(" …");
            assert_eq!(letters, "ä".repeat(kept / 2), "{target}");
            assert_eq!(detail.len() > letters.len(), bytes > kept, "{target}");
            let target = format!("/error/long?bytes={bytes}&status=502&streamed={streamed}");
            let (problem, _) = fails(&service, Request::get(&target), 502).await;
            assert_eq!(problem["detail"], nothing_said(502), "{target}");
        }
    }
    // What the deserializer quotes is as long as the client likes.
    let long = format!(r#"{{"guestCount":"{}"}}"#, "A".repeat(5000));
    let (problem, _) = fails(&service, Request::post("/extract/json").json(&long), 422).await;
    assert_eq!(problem["errors"][0]["pointer"], "/guestCount");
}

#[tokio::test]
async fn rules_that_a_handler_applies_itself_are_a_422_as_well() {
    let service = Sandbox::new().start().await;
    let (problem, _) = fails(&service, Request::get("/error/rules"), 422).await;
    assert_eq!(
        problem["errors"],
        json!([{ "pointer": "/items/1/quantity", "detail": "lower than 1" }])
    );
}

/// The client chooses how many fields there are, and not how long the answer is.
#[tokio::test]
async fn of_many_invalid_fields_the_first_are_told() {
    let service = Sandbox::new().start().await;
    let guests = vec!["x"; 5000].join("\",\"");
    let body = format!(r#"{{"guestCount":1,"guests":["{guests}"]}}"#);
    let request = Request::post("/extract/valid/json").json(&body);
    let (problem, _) = fails(&service, request, 422).await;
    assert_eq!(problem["errors"].as_array().unwrap().len(), 100);
    assert_eq!(problem["errors"][99]["pointer"], "/guests/99");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.ends_with("the first 100 of 5000 fields"), "{detail}");
}

#[tokio::test]
async fn a_panic_costs_its_own_request_and_nothing_else() {
    let service = Sandbox::new().start().await;
    let panics = async || service.metrics().await.value("panics_total", &[]).unwrap();
    for (count, (target, file)) in [
        ("/panic", "failures.rs"),
        ("/mounted/panic", "mounted.rs"),
        ("/panic/config", "failures.rs"),
    ]
    .into_iter()
    .enumerate()
    {
        let before = f64::from(u32::try_from(count).unwrap());
        assert_eq!(panics().await, before);
        let mut connection = service.connect().await;
        let answer = connection.send(&Request::get(target)).await.unwrap();
        let problem = problem(target, &answer, 500);
        assert_eq!(problem["detail"], nothing_said(500));
        assert!(
            !answer.everything().contains("internals")
                && !answer.everything().contains("cannot go on")
        );

        let id = problem["request_id"].as_str().unwrap();
        let line = service
            .log_line("the panic", |line| {
                line["target"] == "panic" && line["request_id"] == id
            })
            .await;
        assert_eq!(line["level"], "ERROR");
        let location = line["location"].as_str().unwrap();
        let place = format!("conformance/src/{file}:");
        let numbers = location
            .strip_prefix(&place)
            .unwrap_or_else(|| panic!("{location}"));
        assert!(
            numbers
                .split(':')
                .all(|number| number.parse::<u32>().is_ok()),
            "{location}"
        );
        assert_eq!(service.access_line(id).await["status"], 500);
        assert_eq!(panics().await, before + 1.0);

        // The connection goes on, as does everything else.
        assert_eq!(
            connection
                .send(&Request::get("/text"))
                .await
                .unwrap()
                .text(),
            "hello"
        );
    }
    service.settle().await;
    assert_eq!(
        service
            .log()
            .iter()
            .filter(|line| line["target"] == "panic")
            .count(),
        3,
        "each is logged once"
    );
    assert_eq!(service.get("/live").await.status, 200);
    assert_eq!(service.stop().await.code, Some(0));
}

/// The head is out already: the client must be able to see that something is missing.
#[tokio::test]
async fn a_panic_in_a_stream_ends_the_stream_and_not_the_process() {
    let service = Sandbox::new().start().await;
    let mut connection = service.connect().await;
    connection
        .send(&Request::get("/panic/stream"))
        .await
        .unwrap_err();
    service
        .log_line("the panic", |line| line["target"] == "panic")
        .await;
    assert_eq!(
        service.metrics().await.value("panics_total", &[]),
        Some(1.0)
    );
    assert_eq!(service.get("/text").await.text(), "hello");
    assert_eq!(service.stop().await.code, Some(0));
}

/// What a 5xx says of which nothing was made public.
fn nothing_said(status: u16) -> &'static str {
    match status {
        503 => "the service cannot answer this at the moment; try again later",
        504 => "a service behind this one did not answer in time",
        _ => "the service failed; its log has the reason under the request_id",
    }
}
