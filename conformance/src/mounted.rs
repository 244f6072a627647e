//! An axum router as a user brings it along.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::stream;
use rustboot::axum::Router;
use rustboot::axum::body::{Body, Bytes};
use rustboot::axum::extract::{ConnectInfo, Request};
use rustboot::axum::middleware::Next;
use rustboot::axum::routing::{get, post};
use rustboot::prelude::*;
use rustboot::serde_json::Value;
use rustboot::{ByteSize, RouteSettings};

use crate::surroundings::Greeting;

pub(crate) fn router() -> Router {
    Router::new()
        .route("/mounted/names/{name}", get(name))
        .route("/mounted/ours/{id}", get(ours))
        .route("/mounted/echo", post(echo))
        .route("/mounted/greeting", get(greeting))
        .route("/mounted/panic", get(panics))
        .route("/mounted/error", get(fails))
        .route("/mounted/sleep/{ms}", get(slow))
        .route("/mounted/ws", get(socket))
        .route("/mounted/peer", get(peer))
        .route("/shared", post(shared))
}

/// What the second router has of its own.
pub(crate) fn settings() -> RouteSettings {
    RouteSettings::new()
        .timeout(Duration::from_millis(400))
        .body_limit(ByteSize::bytes(4096))
        .max_in_flight(1)
        .access_log(false)
}

pub(crate) fn bounded() -> Router {
    Router::new()
        .route("/bounded-router/upload", post(upload))
        .route("/bounded-router/sleep/{ms}", get(slow))
        .route("/bounded-router/stream", get(pieces))
        .route("/bounded-router/panic", get(panics))
}

/// Knows no path, and answers all of them.
pub(crate) fn catch_all() -> Router {
    Router::new().fallback(async || "caught")
}

/// For a layer around all routers, to show where it has been.
pub(crate) async fn mark(response: Response) -> impl IntoResponse {
    ([("x-marked", "yes")], response)
}

async fn upload(body: Bytes) -> String {
    body.len().to_string()
}

/// Three pieces, slowly.
async fn pieces() -> Body {
    rustboot::tracing::info!("inside");
    Body::from_stream(stream::unfold(0, async |sent| {
        rustboot::tokio::time::sleep(Duration::from_millis(200)).await;
        (sent < 3).then(|| (Ok::<_, Infallible>("piece\n"), sent + 1))
    }))
}

/// The path has an attribute route as well, for another method.
async fn shared(body: String) -> Result<Response> {
    rustboot::tokio::task::yield_now().await;
    if body == "nothing" {
        return Ok(StatusCode::NOT_FOUND.into_response());
    }
    let found: &str = (body != "missing").then_some("mounted").or_not_found()?;
    Ok(found.into_response())
}

/// For who asks for it, calls the router in a task of its own, as those do whose handlers are to outlive their clients.
#[expect(
    clippy::disallowed_methods,
    reason = "what users' middlewares do, who know nothing of our tasks"
)]
pub(crate) async fn apart(request: Request, next: Next) -> Response {
    if !request.headers().contains_key("x-apart") {
        return next.run(request).await;
    }
    let answer = rustboot::tokio::spawn(next.run(request)).await;
    answer.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

async fn peer(ConnectInfo(peer): ConnectInfo<SocketAddr>) -> String {
    peer.to_string()
}

async fn socket(upgrade: WebSocketUpgrade) -> Response {
    upgrade.max_message_size(5).on_upgrade(async |mut socket| {
        while let Some(message) = socket.recv().await {
            socket.send(message).await?;
        }
        Ok(())
    })
}

async fn slow(Path(ms): Path<u64>) -> &'static str {
    rustboot::tracing::info!("sleeping");
    rustboot::tokio::time::sleep(Duration::from_millis(ms)).await;
    "slept"
}

async fn name(
    rustboot::axum::extract::Path(name): rustboot::axum::extract::Path<String>,
) -> String {
    name
}

async fn ours(Path(id): Path<u8>) -> String {
    id.to_string()
}

async fn echo(Json(value): Json<Value>) -> Json<Value> {
    Json(value)
}

async fn greeting(greeting: Inject<Greeting>, id: RequestId) -> String {
    format!("{} for {id}", greeting.0)
}

async fn panics() -> &'static str {
    panic!("the secret internals of a mounted panic")
}

async fn fails() -> Result<String> {
    Err(Error::internal("the secret internals of a mounted error"))
}
