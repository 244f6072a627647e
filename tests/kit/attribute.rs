//! Every form of the attribute.

use rustboot::prelude::*;

#[rustboot::test]
async fn nothing() {}

#[rustboot::test]
async fn an_application(app: TestApp) {
    app.get("/live").await.assert_success();
}

#[rustboot::test(set("server.port" = 0, "log.level" = "warn"), start_paused = true, timeout = "1m30s")]
async fn everything(app: TestAppBuilder) -> Result<()> {
    let app = app.set("log.access", false).start().await;
    app.advance(std::time::Duration::from_secs(1)).await;
    Ok(())
}

#[rustboot::test]
#[should_panic(expected = "the test returned an error: an error occurred when formatting")]
async fn an_error_of_its_own(_app: TestApp) -> std::result::Result<(), std::fmt::Error> {
    Err(std::fmt::Error)
}

#[rustboot::test]
#[should_panic(expected = "no")]
async fn attributes(mut app: TestApp) {
    app = app.clone();
    drop(app);
    panic!("no");
}
