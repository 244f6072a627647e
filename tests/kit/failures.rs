//! Tests that fail, and what they say.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use rustboot::__private::testing::{self, TestDef};
use rustboot::core::source::Location;
use rustboot::tokio;

use super::*;

const DEF: TestDef = TestDef {
    name: "kit::failures",
    location: Location::new(file!(), line!()),
    info: rustboot::app_info!(),
    folder: env!("CARGO_MANIFEST_DIR"),
};

/// Runs a test, and returns what its panic says.
fn failure<A, Fut>(
    options: fn(TestAppBuilder) -> TestAppBuilder,
    body: impl FnOnce(A) -> Fut,
) -> String
where
    A: rustboot::testing::TestArgument,
    Fut: Future<Output: rustboot::testing::Verdict>,
{
    let outcome = catch_unwind(AssertUnwindSafe(|| testing::run(DEF, options, body)));
    let payload = outcome.expect_err("the test should fail");
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => (*payload.downcast_ref::<&str>().unwrap()).to_owned(),
    }
}

#[test]
fn an_application_that_does_not_start_shows_its_report() {
    let text = failure(
        |app| app.set("shop.limit", "many").set("shop.curency", "EUR"),
        async |_: TestApp| {},
    );
    assert!(
        text.starts_with("the application did not start\nerror: the configuration has 2 problems"),
        "{text}"
    );
    assert!(
        text.contains("shop.curency: unknown key, did you mean `currency`?\n     set in the code at tests/kit/failures.rs:"),
        "{text}"
    );
}

#[rustboot::test]
async fn a_start_that_should_fail_is_an_error_to_look_at(app: TestAppBuilder) {
    let error = app.set("shop.limit", "many").try_start().await.unwrap_err();
    assert_eq!(error.exit_code(), 78);
}

#[test]
fn an_error_is_shown() {
    let text = failure(
        |app| app,
        async |_: TestApp| Err::<(), Error>(Error::not_found("no such thing")),
    );
    assert_eq!(text, "the test returned an error: no such thing");
}

#[test]
fn a_panic_goes_on_after_the_stop() {
    let app = std::sync::Mutex::new(None);
    let text = failure(
        |app| app,
        async |it: TestApp| {
            let before = app.lock().unwrap().replace(it);
            assert!(before.is_some(), "it is not so");
        },
    );
    assert_eq!(text, "it is not so");
    let app = app.into_inner().unwrap().unwrap();
    app.logs().message("stopped").assert_any();
}

#[test]
fn a_test_that_waits_for_ever_is_ended() {
    let text = failure(
        |app| app.timeout(Duration::from_millis(300)).start_paused(true),
        async |_: TestApp| tokio::time::sleep(Duration::from_secs(1)).await,
    );
    assert!(
        text.starts_with("the test took longer than 300ms"),
        "{text}"
    );
    assert!(text.contains("app.advance("), "{text}");
}

#[test]
fn a_stop_that_cuts_something_off_fails_the_test() {
    let text = failure(
        |app| app.set("lifecycle.shutdown_timeout", "50ms"),
        async |app: TestApp| {
            let address = app.base_url().strip_prefix("http://").unwrap().to_owned();
            // Half a body, so that its handler waits for the rest.
            use tokio::io::AsyncWriteExt as _;
            let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
            let half = "POST /orders HTTP/1.1\r\nhost: t\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{";
            stream.write_all(half.as_bytes()).await.unwrap();
            app.wait_until("the request is there", async || {
                app.metrics().value("http_server_active_requests", &[]) == Some(1.0)
            })
            .await;
            std::mem::forget(stream);
        },
    );
    assert!(text.contains("exit code 1"), "{text}");
    assert!(text.contains("aborted_requests=1"), "{text}");
}

#[rustboot::test]
async fn a_stop_of_the_test_itself_is_looked_at_by_the_test(app: TestApp) {
    assert_eq!(app.stop().await, 0);
    let gone = app.get("/about").send().await.unwrap_err();
    assert!(gone.contains("cannot connect"), "{gone}");
}

#[rustboot::test]
#[should_panic(expected = "the answer to GET /about should have the status 201")]
async fn a_wrong_status_shows_the_answer(app: TestApp) {
    app.get("/about").await.assert_status(201);
}

#[rustboot::test]
#[should_panic(expected = "the clock of this test goes by itself")]
async fn time_that_goes_cannot_be_moved(app: TestApp) {
    app.advance(Duration::from_secs(1)).await;
}

#[rustboot::test]
#[should_panic(expected = "no component `alloc::string::String` was built; there are: ")]
async fn a_component_that_is_not_there_is_told_which_there_are(app: TestApp) {
    app.component::<String>();
}
