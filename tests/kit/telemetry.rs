//! What a test sees of logs and metrics, and what it does not see: those of the tests beside it.

use super::*;

#[rustboot::test]
async fn logs_are_those_of_the_test(app: TestApp) {
    app.logs().message("order placed").assert_none();
    let answer = app.post("/orders").json(&json!({"item": "pen"})).await;
    let line = app.logs().message("order placed").assert_any().clone();
    assert_eq!(line.level, "INFO");
    assert_eq!(line.fields["item"], "\"pen\"");
    assert_eq!(line.request_id.as_deref(), answer.request_id());

    // The access line is written when the last byte is out.
    let id = answer.request_id().unwrap();
    let of_access = || app.logs().request(id).target("access");
    app.wait_until("the access line", async || !of_access().is_empty())
        .await;
    let access = of_access().assert_any().clone();
    assert_eq!(access.fields["status"], 201);
    assert_eq!(access.fields["route"], "/orders");
}

#[rustboot::test]
async fn metrics_are_those_of_the_test(app: TestApp) {
    for item in 0..3 {
        app.post("/orders").json(&json!({"item": item})).await;
    }
    app.metrics().assert_value("orders_total", &[], 3.0);
    let count = "http_server_request_duration_seconds_count";
    let of_orders = [
        ("http_route", "/orders"),
        ("http_response_status_code", "201"),
    ];
    app.wait_until("three requests", async || {
        app.metrics().value(count, &of_orders) == Some(3.0)
    })
    .await;
    let text = app.get("/metrics").await.text();
    assert!(text.contains("orders_total 3\n"), "{text}");
}

#[rustboot::test]
async fn metrics_of_others_do_not_count(app: TestApp) {
    // The one above counts the same at the same time.
    app.post("/orders").json(&json!({"item": 1})).await;
    app.metrics().assert_value("orders_total", &[], 1.0);
}

#[rustboot::test(set("log.level" = "warn"))]
async fn the_level_is_that_of_the_configuration(app: TestApp) {
    app.post("/orders").json(&json!({"item": 1})).await;
    tracing::warn!("from the test itself");
    let logs = app.logs();
    assert_eq!(logs.len(), 1, "{logs}");
    assert_eq!(logs.assert_any().message, "from the test itself");
}

#[rustboot::test]
async fn a_panic_of_a_handler_is_logged_and_counted(app: TestApp) {
    app.get("/panic").await.assert_problem(500);
    let logs = app.logs().target("panic");
    assert_eq!(logs.assert_any().message, "over the edge");
    app.metrics().assert_value("panics_total", &[], 1.0);
}
