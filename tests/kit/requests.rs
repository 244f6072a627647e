//! Requests, answers, settings and doubles.

use super::*;

#[rustboot::test]
async fn the_wiring_is_that_of_production(app: TestApp) {
    app.get("/about")
        .await
        .assert_status(200)
        .assert_json(json!({"currency": "USD", "limit": 3, "rate": 1.0, "mailer": "smtp"}));
    assert_eq!(app.context().profile().as_str(), "test");
    assert_eq!(app.component::<Rates>().0, 1.0);
    assert_eq!(app.component::<dyn Mailer>().name(), "smtp");
    assert_eq!(app.config::<Shop>().limit, 3);
}

#[rustboot::test(set("shop.currency" = "EUR", "shop.limit" = 5))]
async fn settings_are_those_of_the_test(app: TestApp) {
    app.get("/about")
        .await
        .assert_json_has(json!({"currency": "EUR", "limit": 5}));
}

#[rustboot::test]
async fn doubles_replace_what_main_hands_in(app: TestAppBuilder) {
    struct Recording;
    impl Mailer for Recording {
        fn name(&self) -> &'static str {
            "recording"
        }
    }
    let app = app
        .provide(Rates(2.5))
        .provide_as::<dyn Mailer>(Arc::new(Recording))
        .set("shop.limit", 9)
        .start()
        .await;
    app.get("/about")
        .await
        .assert_json_has(json!({"rate": 2.5, "mailer": "recording", "limit": 9}));
}

#[rustboot::test]
async fn a_double_may_have_to_be_made(app: TestAppBuilder) {
    let app = app
        .replace_component(async || Ok(Rates(7.0)))
        .env("APP_SHOP__CURRENCY", "CHF")
        .start()
        .await;
    app.get("/about")
        .await
        .assert_json_has(json!({"rate": 7.0, "currency": "CHF"}));
}

#[rustboot::test]
async fn requests_have_what_they_are_given(app: TestApp) -> Result<()> {
    let answer = app
        .get("/echo")
        .query([("q", "a b&c"), ("n", "1")])
        .bearer("t0ken")
        .header("x-tenant", "one")
        .await;
    answer.assert_success().assert_json(json!({
        "query": "q=a%20b%26c&n=1",
        "authorization": "Bearer t0ken",
        "x-tenant": "one",
    }));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.request_id().map(str::len), Some(32));

    let form = app.post("/form").form([("a", "1"), ("b", "x y")]).await;
    form.assert_json(json!([["a", "1"], ["b", "x y"]]));

    let order = app.post("/orders").json(&json!({"item": 1})).await;
    let body: Value = order.assert_status(201).json();
    assert_eq!(body, json!({"item": 1}));
    Ok(())
}

#[rustboot::test]
async fn problems_are_read(app: TestApp) {
    let answer = app.post("/orders").json(&json!({})).await;
    answer.assert_invalid(&["/item"]);
    let problem = answer.problem();
    assert_eq!(problem.of_field("/item"), Some("is missing"));
    assert_eq!(problem.detail.as_deref(), Some("the order is not valid"));
    assert_eq!(problem.request_id.as_deref(), answer.request_id());

    app.get("/nowhere").await.assert_problem(404);
    app.post("/orders")
        .body("application/json", "{")
        .await
        .assert_problem(400);
    let not_allowed = app.delete("/about").await;
    not_allowed.assert_problem(405);
    assert!(not_allowed.header("allow").is_some());
}

#[rustboot::test(set("management.port" = 9))]
async fn management_has_a_port_of_its_own_that_is_free(app: TestApp) {
    app.management("/info").await.assert_success();
    app.management("/conditions").await.assert_success();
    app.get("/info").await.assert_status(404);
    app.get("/ready").await.assert_success();
}

#[rustboot::test]
async fn it_starts() {}

#[rustboot::test]
async fn a_client_of_ones_own_has_a_base_url(app: TestApp) {
    use rustboot::tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let address = app.base_url().strip_prefix("http://").unwrap();
    let mut stream = rustboot::tokio::net::TcpStream::connect(address)
        .await
        .unwrap();
    let request = "GET /live HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}
