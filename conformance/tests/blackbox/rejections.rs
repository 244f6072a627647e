//! What every extractor of axum, and every one of ours that reads what a client sent, answers when it rejects: a problem with
//! the place of what is wrong, without a line of the handler's.

use serde_json::{Value, json};

use tokio::net::TcpStream;

use crate::harness::Sandbox;
use crate::http::{Connection, Request};
use crate::problems::problem;

/// What is sent, and what must come of it.
struct Case {
    request: Request,
    status: u16,
    /// `errors` of the problem, as `place: detail`.
    errors: &'static [&'static str],
    /// What the detail has in it.
    detail: &'static str,
}

fn case(request: Request, status: u16, detail: &'static str) -> Case {
    Case {
        request,
        status,
        errors: &[],
        detail,
    }
}

fn with_errors(
    request: Request,
    status: u16,
    errors: &'static [&'static str],
    detail: &'static str,
) -> Case {
    Case {
        errors,
        ..case(request, status, detail)
    }
}

fn form(target: &str, body: &str) -> Request {
    Request::post(target)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body)
}

fn cases() -> Vec<Case> {
    let body = "the body is not valid; `errors` has what is wrong";
    let query = "the query is not valid; `errors` has what is wrong";
    let valid = "the request is not valid; `errors` has what is wrong with each field";
    let syntax = "the body is not valid JSON: ";
    let get = Request::get;
    let post = Request::post;
    vec![
        case(post("/extract/json").body("{}"), 415, "application/json"),
        case(post("/extract/json").json("{"), 400, syntax),
        case(post("/extract/json").json(""), 400, syntax),
        with_errors(
            post("/extract/json").json("{}"),
            422,
            &["/guestCount: is required"],
            body,
        ),
        with_errors(
            post("/extract/json").json(r#"{"guestCount":-1}"#),
            422,
            &["/guestCount: invalid value: integer `-1`, expected u8"],
            body,
        ),
        with_errors(
            post("/extract/json").json(r#"{"guestCount":1,"guests":["Ann",7]}"#),
            422,
            &["/guests/1: invalid type: integer `7`, expected a string"],
            body,
        ),
        with_errors(
            post("/extract/json").json("[1, 2, 3, 4]"),
            422,
            // serde takes a list for a struct, field by field.
            &["/1: invalid type: integer `2`, expected a sequence"],
            body,
        ),
        case(
            post("/extract/valid/json").body("{}"),
            415,
            "application/json",
        ),
        case(post("/extract/valid/json").json("{]"), 400, syntax),
        with_errors(
            post("/extract/valid/json").json("{}"),
            422,
            &["/guestCount: is required"],
            valid,
        ),
        with_errors(
            post("/extract/valid/json").json(r#"{"guestCount":10,"guests":["Ann","B"]}"#),
            422,
            &[
                "/guestCount: greater than 9",
                "/guests/1: length is lower than 2",
            ],
            valid,
        ),
        case(
            post("/extract/form").body("guestCount=1"),
            415,
            "application/x-www-form-urlencoded",
        ),
        with_errors(
            form("/extract/form", "guestCount=many"),
            422,
            &["/guestCount: invalid digit found in string"],
            body,
        ),
        with_errors(
            form("/extract/form", ""),
            422,
            &["/guestCount: is required"],
            body,
        ),
        with_errors(
            get("/extract/form?pageSize=x"),
            400,
            &["?pageSize: invalid digit found in string"],
            query,
        ),
        with_errors(
            get("/extract/form"),
            400,
            &["?pageSize: is required"],
            query,
        ),
        case(
            post("/extract/valid/form").body("pageSize=1"),
            415,
            "application/x-www-form-urlencoded",
        ),
        with_errors(
            form("/extract/valid/form", "pageSize=0"),
            422,
            &["/pageSize: lower than 1"],
            valid,
        ),
        with_errors(
            form("/extract/valid/form", "pageSize=x"),
            422,
            &["/pageSize: invalid digit found in string"],
            valid,
        ),
        with_errors(
            get("/extract/query?pageSize=x"),
            400,
            &["?pageSize: invalid digit found in string"],
            query,
        ),
        with_errors(
            get("/extract/query"),
            400,
            &["?pageSize: is required"],
            query,
        ),
        with_errors(
            get("/extract/valid/query?pageSize=101"),
            422,
            &["?pageSize: greater than 100"],
            valid,
        ),
        with_errors(
            get("/extract/valid/query?pageSize="),
            422,
            &["?pageSize: cannot parse integer from empty string"],
            valid,
        ),
        with_errors(
            get("/extract/valid/query?a=b"),
            422,
            &["?pageSize: is required"],
            valid,
        ),
        with_errors(
            get("/extract/path/north/x"),
            400,
            &["?room: is not a whole number in range that is not negative"],
            "the path parameter `room` is not a whole number",
        ),
        with_errors(
            get("/extract/path/%ff/7"),
            400,
            &["?house: is not valid UTF-8"],
            "`house`",
        ),
        case(get("/extract/axum-path/north/x"), 400, "Cannot parse"),
        case(
            get("/extract/axum-path/%ff/7"),
            400,
            "Invalid UTF-8 in `house`",
        ),
        with_errors(
            get("/mounted/ours/north"),
            400,
            &["?id: is no u8"],
            "Cannot parse `north`",
        ),
        case(get("/extract/path-of-two/north"), 500, INTERNAL),
        with_errors(
            get("/extract/valid/path/north/100"),
            422,
            &["?room: greater than 99"],
            valid,
        ),
        with_errors(
            get("/extract/valid/room/100"),
            422,
            &["?number: greater than 99"],
            valid,
        ),
        with_errors(
            get("/extract/valid/form?pageSize=0"),
            422,
            &["?pageSize: lower than 1"],
            valid,
        ),
        case(post("/extract/string").body(b"\xff"), 400, "valid UTF-8"),
        case(
            post("/extract/raw-form").body("x"),
            415,
            "application/x-www-form-urlencoded",
        ),
        case(get("/extract/extension"), 500, ""),
        case(get("/extract/nested-path"), 500, ""),
        case(get("/extract/socket"), 400, "did not include"),
        case(get("/extract/our-socket"), 426, "this is a WebSocket"),
        case(get("/extract/optional").json("{"), 400, syntax),
    ]
}

/// What a 5xx says.
const INTERNAL: &str = "the service failed; its log has the reason under the request_id";

#[tokio::test]
async fn every_extractor_rejects_with_a_problem_that_says_where() {
    let service = Sandbox::new().start().await;
    for case in cases() {
        let what = format!("{} {}", case.request.method, case.request.target);
        let target = case.request.target.clone();
        let answer = service.send(case.request).await;
        let problem = problem(&target, &answer, case.status);
        let errors: Vec<String> = problem
            .get("errors")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .map(|error| {
                let detail = error["detail"].as_str().unwrap();
                match (&error["pointer"], &error["parameter"]) {
                    (Value::String(pointer), Value::Null) => format!("{pointer}: {detail}"),
                    (Value::String(pointer), Value::String(name))
                        if *pointer == format!("/{name}") =>
                    {
                        format!("?{name}: {detail}")
                    }
                    _ => panic!("{what}: {error}"),
                }
            })
            .collect();
        assert_eq!(errors, case.errors, "{what}: {problem}");
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert!(detail.contains(case.detail), "{what}: {problem}");
        assert!(case.status < 500 || detail == INTERNAL, "{what}: {problem}");
    }
}

/// A body that is larger than the limit, to every extractor that reads one; its length is known or not.
#[tokio::test]
async fn a_body_that_is_too_large_is_a_413_for_each_that_reads_it() {
    let service = Sandbox::new()
        .env("APP_SERVER__BODY_LIMIT", "64B")
        .start()
        .await;
    let large = format!(r#"{{"guestCount":"{}"}}"#, "9".repeat(100));
    for target in [
        "/extract/json",
        "/extract/valid/json",
        "/extract/form",
        "/extract/valid/form",
        "/extract/string",
        "/extract/bytes",
        "/extract/raw-form",
    ] {
        let kind = match target.contains("form") {
            true => "application/x-www-form-urlencoded",
            false => "application/json",
        };
        let request = || {
            Request::post(target)
                .header("content-type", kind)
                .body(large.clone())
        };
        for request in [request(), request().chunked()] {
            let answer = service.send(request).await;
            let problem = problem(target, &answer, 413);
            assert_eq!(problem["title"], json!("Content Too Large"), "{target}");
            // What is left of the body is not read: no other request may come after it.
            assert_eq!(answer.header("connection"), Some("close"), "{target}");
        }
    }
}

#[tokio::test]
async fn what_is_valid_gets_through() {
    let service = Sandbox::new().start().await;
    let post = Request::post;
    for (request, status) in [
        (post("/extract/json").json(r#"{"guestCount":1}"#), 200),
        (
            post("/extract/valid/json").json(r#"{"guestCount":9,"guests":["Ann"]}"#),
            200,
        ),
        (form("/extract/form", "guestCount=1"), 200),
        (form("/extract/valid/form", "pageSize=1"), 200),
        (Request::get("/extract/form?pageSize=1"), 200),
        (Request::get("/extract/valid/form?pageSize=1"), 200),
        (Request::get("/extract/valid/query?pageSize=100"), 200),
        (Request::get("/extract/valid/path/north/99"), 200),
        (Request::get("/extract/valid/room/99"), 200),
        (post("/extract/string").body("x"), 200),
        (post("/extract/bytes").body(b"\xff"), 200),
        (form("/extract/raw-form", "a=b"), 200),
        (Request::get("/extract/optional"), 200),
        (Request::get("/extract/never/north"), 200),
    ] {
        let what = format!("{} {}", request.method, request.target);
        let answer = service.send(request).await;
        assert_eq!(answer.status, status, "{what}: {answer:?}");
    }
}

/// axum's `ConnectInfo`, in an attribute route that takes it and in a mounted router.
#[tokio::test]
async fn handlers_can_ask_who_is_connected() {
    let service = Sandbox::new().start().await;
    for target in ["/extract/connect-info", "/mounted/peer"] {
        let mut stream = TcpStream::connect(&service.address).await.unwrap();
        let own = stream.local_addr().unwrap().to_string();
        let mut connection = Connection::over(&mut stream);
        let answer = connection.send(&Request::get(target)).await.unwrap();
        assert_eq!(answer.text(), own, "{target}");
    }
}
