//! What a handler returns means the same, whether its type says the headers or hides them.

use serde_json::json;

use crate::harness::Sandbox;
use crate::http::{Request, Response};

/// All headers but those that differ each time.
fn headers(answer: &Response) -> Vec<(String, String)> {
    let mut headers = answer.headers.clone();
    headers.retain(|(name, _)| name != "date" && name != "x-request-id");
    headers.sort();
    headers
}

#[tokio::test]
async fn a_type_that_says_the_headers_gets_the_same_as_one_that_hides_them() {
    let service = Sandbox::new().start().await;
    let gets = [
        "str",
        "string",
        "cow",
        "html",
        "html-string",
        "json",
        "unwritable",
        "ok",
        "refused",
        "pending",
    ];
    let requests = |kind: &str| -> Vec<Request> {
        let path = |name: &str| format!("/returned/{kind}/{name}");
        let of_methods = ["GET", "HEAD"].into_iter();
        let mut requests: Vec<Request> = of_methods
            .flat_map(|method| gets.iter().map(move |name| (method, name)))
            .map(|(method, name)| Request::new(method, &path(name)))
            .collect();
        for body in [json!({"a": [1, 2]}), json!("x".repeat(100_000))] {
            requests.push(Request::post(&path("echo")).json(&body.to_string()));
        }
        requests
    };
    let (stated, hidden) = (requests("stated"), requests("hidden"));
    assert_eq!(stated.len(), 2 * gets.len() + 2);
    for (stated, hidden) in stated.into_iter().zip(hidden) {
        let target = stated.target.clone();
        let stated = service.send(stated.header("x-request-id", "the-id")).await;
        let hidden = service.send(hidden.header("x-request-id", "the-id")).await;
        assert_eq!(stated.status, hidden.status, "{target}");
        assert_eq!(headers(&stated), headers(&hidden), "{target}");
        assert_eq!(stated.headers("x-request-id"), ["the-id"], "{target}");
        if stated.status == 200 {
            assert_eq!(stated.body, hidden.body, "{target}");
        }
    }
}

#[tokio::test]
async fn a_layer_sees_what_the_handler_said_and_no_more() {
    let service = Sandbox::new().start().await;
    let read = service.get("/returned/seen/json").await;
    assert_eq!(read.json(), json!(["content-type"]));
    let request = Request::post("/returned/seen/echo").json("[1]");
    let echoed = service.send(request).await;
    assert_eq!(echoed.json(), json!(["content-type"]));
    assert_eq!(echoed.headers("x-content-type-options"), ["nosniff"]);
}

#[tokio::test]
async fn a_handler_may_frame_but_not_name_the_request() {
    let service = Sandbox::new().start().await;
    let answer = service.get("/returned/own").await;
    assert_eq!(answer.headers("x-frame-options"), ["SAMEORIGIN"]);
    assert_eq!(answer.headers("x-content-type-options"), ["nosniff"]);
    let ids = answer.headers("x-request-id");
    assert_eq!(ids.len(), 1);
    assert_ne!(ids, ["-"]);
}
