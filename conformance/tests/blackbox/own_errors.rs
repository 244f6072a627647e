//! Errors of the application's own: `#[derive(Problem)]`, and other shapes of the answer.

use serde_json::{Value, json};

use crate::harness::{Sandbox, Service};
use crate::http::{Request, Response};

/// The problem of a booking, without what is different each time.
fn stripped(answer: &Response) -> Value {
    let mut problem = answer.json();
    let members = problem.as_object_mut().unwrap();
    assert_eq!(
        members.remove("request_id").unwrap(),
        answer.header("x-request-id").unwrap()
    );
    assert!(members.remove("instance").is_some());
    problem
}

#[tokio::test]
async fn each_case_of_an_error_says_what_the_client_gets() {
    let service = Sandbox::new().start().await;
    let problems = [
        (
            "taken",
            json!({"type": "https://rooms.example/problems/room-taken", "title": "Taken", "status": 409,
                "detail": "room 7 is taken until noon", "room": 7, "free_at": "noon"}),
        ),
        (
            "refused",
            json!({"type": "/problems/refused", "title": "Not welcome", "status": 403, "detail": "this guest cannot book"}),
        ),
        (
            "too-often",
            json!({"type": "about:blank", "title": "Too Many Requests", "status": 429, "detail": "booked 3 times"}),
        ),
        (
            "anonymous",
            json!({"type": "about:blank", "title": "Unauthorized", "status": 401, "detail": "log in first"}),
        ),
        (
            "invalid",
            json!({"type": "about:blank", "title": "Unprocessable Content", "status": 422, "detail": "the booking is not valid",
                "errors": [{"pointer": "/guests/0/name", "detail": "is empty"}, {"pointer": "/from", "parameter": "from", "detail": "is in the past"}]}),
        ),
        (
            "payment",
            json!({"type": "https://rooms.example/problems/payment", "title": "Payment", "status": 502,
                "detail": "the payment provider does not answer", "error_code": "P-17"}),
        ),
        (
            "teapot",
            json!({"type": "about:blank", "title": "I'm a teapot", "status": 418, "detail": "a header that cannot be sent: two\nlines"}),
        ),
        (
            "room",
            json!({"type": "https://rooms.example/problems/no-room", "title": "No room", "status": 404,
                "detail": "there is no room 8", "room": 8}),
        ),
        (
            "file",
            json!({"type": "about:blank", "title": "Internal Server Error", "status": 500,
                "detail": "the service failed; its log has the reason under the request_id"}),
        ),
        (
            "conflict",
            json!({"type": "about:blank", "title": "Conflict", "status": 409, "detail": "somebody was faster", "winner": "Bob"}),
        ),
    ];
    for (how, expected) in &problems {
        // As the handler's own error, and through `?` into the framework's.
        for target in [
            format!("/bookings/{how}"),
            format!("/bookings/{how}/converted"),
        ] {
            let answer = service.get(&target).await;
            assert_eq!(answer.status, expected["status"], "{target}: {answer:?}");
            assert_eq!(
                answer.header("content-type"),
                Some("application/problem+json")
            );
            assert_eq!(stripped(&answer), *expected, "{target}");
            assert!(!answer.everything().contains("internals"), "{answer:?}");
        }
    }
    let answer = service.get("/bookings/too-often").await;
    assert_eq!(answer.header("retry-after"), Some("60"));
    assert_eq!(answer.header("x-limit"), Some("3 a day"));
    let answer = service.get("/bookings/anonymous/converted").await;
    assert_eq!(
        answer.header("www-authenticate"),
        Some("Bearer realm=\"rooms\"")
    );
    let answer = service.get("/bookings/teapot").await;
    assert_eq!(answer.header("x-reason"), None);
    assert_eq!(service.get("/bookings/fine").await.status, 200);
}

#[tokio::test]
async fn the_log_has_what_the_client_does_not_get() {
    let service = Sandbox::new().start().await;
    for (target, cause) in [
        (
            "/bookings/payment",
            "the payment provider says 500: the secret internals of a provider",
        ),
        ("/bookings/file/converted", "the secret internals of a file"),
        // Whoever wraps an error says what it means.
        (
            "/bookings/taken/wrapped",
            "the secret internals of a wrapper: room 7 is taken until noon",
        ),
    ] {
        let answer = service.get(target).await;
        assert!(answer.status >= 500, "{target}");
        assert!(!answer.everything().contains("internals"), "{answer:?}");
        let line = service
            .log_line(cause, |line| {
                line["level"] == "ERROR" && line["error"] == cause
            })
            .await;
        assert_eq!(line["request_id"], answer.json()["request_id"], "{target}");
    }
}

async fn shaped(shape: &str) -> Service {
    Sandbox::new()
        .env("APP_CONFORMANCE__ERROR_SHAPE", shape)
        .env("APP_SERVER__BODY_LIMIT", "1KiB")
        .start()
        .await
}

/// Status and body of each answer; a body that is no JSON is a text.
async fn answers(service: &Service, requests: Vec<Request>) -> Vec<(u16, Value)> {
    let mut answers = Vec::new();
    for request in requests {
        let answer = service.send(request).await;
        let body = match answer.header("content-type") {
            Some("application/json") => answer.json(),
            _ => Value::String(answer.text().to_owned()),
        };
        answers.push((answer.status, body));
    }
    answers
}

fn requests() -> Vec<Request> {
    vec![
        Request::get("/nowhere"),
        Request::get("/error/missing"),
        Request::post("/extract/valid/json").json(r#"{"guestCount":10}"#),
        Request::get("/bookings/anonymous"),
        Request::get("/bookings/too-often"),
        Request::get("/bookings/payment"),
        Request::get("/mounted/error"),
        Request::get("/panic"),
        Request::post("/extract/bytes").body("x".repeat(2000)),
    ]
}

#[tokio::test]
async fn the_shapes_of_five_systems_can_be_written() {
    let not_found = "there is nothing here by that name";
    let invalid = "the request is not valid; `errors` has what is wrong with each field";
    let large = "the body is larger than 1024 bytes";
    let expected: [(&str, [(u16, Value); 9]); 5] = [
        ("envelope", {
            let e = |text: &str| json!({"success": false, "data": null, "message": text});
            [
                (404, e("Not Found")),
                (404, e(not_found)),
                (400, e(invalid)),
                (401, e("log in first")),
                (429, e("booked 3 times")),
                (502, e("the payment provider does not answer")),
                (500, e("Internal Server Error")),
                (500, e("Internal Server Error")),
                (413, e(large)),
            ]
        }),
        ("depot", {
            let e = |text: &str| json!({ "error": text });
            [
                (404, e("Not Found")),
                (404, e(not_found)),
                (422, e(invalid)),
                (401, e("log in first")),
                (429, e("booked 3 times")),
                (502, e("the payment provider does not answer")),
                (500, json!("Internal Server Error")),
                (500, e("Internal Server Error")),
                (413, e(large)),
            ]
        }),
        ("contrivance", {
            let e = |title: &str, text: &str| json!({"error": title, "message": text});
            let error = "Internal error: Internal Server Error";
            [
                (404, e("Not Found", "Not found: Not Found")),
                (404, e("Not Found", &format!("Not found: {not_found}"))),
                (
                    400,
                    e("Validation Error", &format!("Validation error: {invalid}")),
                ),
                (401, e("Unauthorized", "Authentication error: log in first")),
                (429, e("Bad Request", "Bad request: booked 3 times")),
                (
                    502,
                    e(
                        "Internal Server Error",
                        "Internal error: the payment provider does not answer",
                    ),
                ),
                (
                    500,
                    json!({"success": false, "data": null, "error": error, "message": null}),
                ),
                (500, e("Internal Server Error", error)),
                (413, e("Bad Request", &format!("Bad request: {large}"))),
            ]
        }),
        ("spotik", {
            let e = |text: &str| json!({ "error": text });
            let failed = |text: &str, code: Value| json!({"error": text, "error_code": code});
            [
                (
                    404,
                    json!({"error": "Endpoint not found", "path": "/nowhere"}),
                ),
                (404, e(not_found)),
                (
                    422,
                    json!({"success": false, "message": "Validation failed", "errors": {"guestCount": ["greater than 9"]}}),
                ),
                (401, e("log in first")),
                (
                    429,
                    json!({"error": "Rate limit exceeded", "retry_after": 60}),
                ),
                (502, failed("Payment", json!("P-17"))),
                (500, failed("Internal Server Error", Value::Null)),
                (500, failed("Internal Server Error", Value::Null)),
                (413, e(large)),
            ]
        }),
        ("todo", {
            let e = |text: &str| json!({ "message": text });
            [
                (404, e("Not Found")),
                (404, e(not_found)),
                (400, e(invalid)),
                (401, json!("")),
                (429, e("booked 3 times")),
                (502, e("the payment provider does not answer")),
                (500, e("Internal Server Error")),
                (500, e("Internal Server Error")),
                (413, e(large)),
            ]
        }),
    ];
    for (shape, expected) in expected {
        let service = shaped(shape).await;
        for ((status, mut body), (expected_status, expected)) in answers(&service, requests())
            .await
            .into_iter()
            .zip(expected)
        {
            if let Some(body) = body.as_object_mut() {
                body.remove("request_id");
            }
            assert_eq!((status, body), (expected_status, expected), "{shape}");
        }
        // What the answer had beside its body is still there.
        let answer = service.send(Request::post("/text")).await;
        assert_eq!(
            (answer.status, answer.header("allow")),
            (405, Some("GET, HEAD")),
            "{shape}"
        );
        assert!(answer.header("x-request-id").is_some());
        let answer = service.get("/bookings/anonymous").await;
        assert!(answer.header("www-authenticate").is_some(), "{shape}");
        let marked = answer.header("x-error-shape");
        assert_eq!(marked, (shape == "spotik").then_some("spotik"));
        // The status that went out is the one that is counted and logged.
        let answer = service
            .send(Request::post("/extract/valid/json").json(r#"{"guestCount":10}"#))
            .await;
        let line = service
            .access_line(answer.header("x-request-id").unwrap())
            .await;
        assert_eq!(line["status"], answer.status, "{shape}");
    }
}

#[tokio::test]
async fn a_shape_that_panics_takes_no_answer_away() {
    let service = shaped("panics").await;
    let mut connection = service.connect().await;
    for (target, status) in [
        ("/nowhere", 404),
        ("/panic", 500),
        ("/bookings/taken", 409),
        ("/mounted/error", 500),
    ] {
        let answer = connection.send(&Request::get(target)).await.unwrap();
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json")
        );
        assert_eq!(
            (answer.status, &answer.json()["status"]),
            (status, &json!(status))
        );
        let id = answer.header("x-request-id").unwrap();
        let line = service
            .log_line("the panic of the shape", |line| {
                line["request_id"] == id
                    && line["target"] == "panic"
                    && line.to_string().contains("cannot write down")
            })
            .await;
        assert_eq!(line["level"], "ERROR");
    }
    assert_eq!(
        service.metrics().await.value("panics_total", &[]),
        Some(5.0),
        "the handler's and four of the shape"
    );
    assert_eq!(service.get("/text").await.text(), "hello");
    assert_eq!(service.stop().await.code, Some(0));
}
