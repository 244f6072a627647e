//! A handler that nobody waits for any more is dropped, and so is what it holds: what that logs belongs to the request.

use serde_json::Value;

use crate::frames::{RST_STREAM, Wire, frame, get};
use crate::harness::{Sandbox, Service};
use crate::http::Request;

const HELD: &str = "/held?ms=3600000";

async fn holding(service: &Service) -> Value {
    service
        .log_line("a handler at work", |line| line["message"] == "holding")
        .await
}

/// The line of the drop has the id of the one of the handler.
async fn let_go(service: &Service) {
    let begun = holding(service).await;
    let line = service
        .log_line("the drop", |line| line["message"] == "let go")
        .await;
    assert!(begun["request_id"].is_string(), "{begun}");
    assert_eq!(line["request_id"], begun["request_id"], "{line}");
}

#[tokio::test]
async fn the_client_is_gone() {
    let service = Sandbox::new().start().await;
    let mut connection = service.connect().await;
    connection.write(&Request::get(HELD).bytes()).await.unwrap();
    holding(&service).await;
    drop(connection);
    let_go(&service).await;

    let service = Sandbox::new().start().await;
    let mut wire = Wire::open(&service.address, &[]).await;
    wire.write(&get(1, HELD)).await.unwrap();
    holding(&service).await;
    wire.write(&frame(RST_STREAM, 0, 1, &[0, 0, 0, 8]))
        .await
        .unwrap();
    let_go(&service).await;
}

#[tokio::test]
async fn its_time_is_up() {
    let service = Sandbox::new()
        .env("APP_SERVER__REQUEST_TIMEOUT", "200ms")
        .start()
        .await;
    assert_eq!(service.get(HELD).await.status, 503);
    let_go(&service).await;
}

#[tokio::test]
async fn the_service_stops() {
    let service = Sandbox::new()
        .env("APP_LIFECYCLE__DRAIN_DELAY", "0s")
        .env("APP_LIFECYCLE__SHUTDOWN_TIMEOUT", "300ms")
        .start()
        .await;
    let mut connection = service.connect().await;
    connection.write(&Request::get(HELD).bytes()).await.unwrap();
    let begun = holding(&service).await;
    let exit = service.stop().await;
    assert_eq!(exit.code, Some(1), "{exit:?}");
    let line = exit
        .log()
        .into_iter()
        .find(|line| line["message"] == "let go");
    assert_eq!(line.unwrap()["request_id"], begun["request_id"], "{exit:?}");
}
