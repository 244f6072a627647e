//! A service on a real PostgreSQL: transactions of requests, migrations of many replicas, a database that goes away and comes
//! back, a password that changes. The binary `ledger` is started as a process, and so is the server. The same for Redis, with the
//! binary `courier`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "the harness runs only in tests, where a panic is the report, and figures are for who asks with --nocapture"
)]

#[path = "../blackbox/harness.rs"]
#[allow(
    dead_code,
    reason = "shared with the other tests, which use more of it"
)]
mod harness;
#[path = "../blackbox/http.rs"]
#[allow(
    dead_code,
    reason = "shared with the other tests, which use more of it"
)]
mod http;

mod containers;
mod dev_services;
mod kit;
mod lost;
mod redis;
mod rotation;
mod runs;
mod singletons;
mod starting;
mod transactions;

use std::sync::LazyLock;

use harness::{Sandbox, fresh};
use rustboot_servers::Postgres;

/// A server call blocks.
async fn blocking<T: Send + 'static>(call: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(call).await.unwrap()
}

/// The server that all tests share which do not hurt it, and that is ours whatever the environment says: it is asked as superuser.
fn server() -> &'static Postgres {
    static SERVER: LazyLock<Postgres> = LazyLock::new(|| Postgres::start().unwrap());
    &SERVER
}

/// A new database on the server that all tests share which do not hurt it.
async fn database() -> String {
    let name = format!("ledger{}_{}", std::process::id(), fresh());
    blocking(move || server().create_database(&name).unwrap()).await
}

fn ledger(url: &str) -> Sandbox {
    Sandbox::of(env!("CARGO_BIN_EXE_ledger"))
        .env("DATABASE_URL", url)
        .env("APP_ENV", "prod")
        .env("APP_SERVER__HOST", "127.0.0.1")
        .env("APP_LIFECYCLE__DRAIN_DELAY", "0s")
}
