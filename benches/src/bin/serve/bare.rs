//! The yardstick: axum as its own documentation shows it, without a layer.

use std::process::ExitCode;

use axum::extract::Path;
use axum::routing::{get, post};
use axum::{Json, Router};
use rustboot_benches::payload::{Greeting, Item, TEXT, user};
use rustboot_benches::phases::until_stdin_ends;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use super::Failure;

pub(super) fn router() -> Router {
    Router::new()
        .route("/text", get(async || TEXT))
        .route("/json", get(async || Json(Greeting::new())))
        .route("/users/{id}", get(async |Path(id): Path<u64>| user(id)))
        .route("/echo", post(async |Json(item): Json<Item>| Json(item)))
}

pub(super) fn serve(runtime: &Runtime) -> Result<ExitCode, Failure> {
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
    let address = listener.local_addr()?;
    runtime.spawn(async move { axum::serve(listener, router()).await });
    until_stdin_ends(address)?;
    Ok(ExitCode::SUCCESS)
}
