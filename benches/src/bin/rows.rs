//! Serves one row from PostgreSQL by its id: `rows rustboot|axum URL`, until its stdin ends. What is compared is the pool: both
//! use sqlx's connections and ten of them, one worker thread, and no settings. The README says how to measure.

use std::net::SocketAddr;
use std::process::ExitCode;

use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Json, Router};
use rustboot::sqlx::{self, PgPool, postgres::PgPoolOptions};
use rustboot::{App, PgDb, Sources};
use rustboot_benches::payload::{SELECT_USER, User};
use rustboot_benches::phases::{say, until_stdin_ends};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

type Failure = Box<dyn std::error::Error>;

#[rustboot::get("/rows/{id}")]
async fn ours(rustboot::Path(id): rustboot::Path<i32>, db: PgDb) -> rustboot::Result<Json<User>> {
    let user = sqlx::query_as(SELECT_USER).bind(id).fetch_one(&db).await;
    let (id, name) = user?;
    Ok(Json(User { id, name }))
}

async fn theirs(Path(id): Path<i32>, State(pool): State<PgPool>) -> Result<Json<User>, String> {
    let user = sqlx::query_as(SELECT_USER).bind(id).fetch_one(&pool).await;
    let (id, name) = user.map_err(|error| error.to_string())?;
    Ok(Json(User { id, name }))
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(code) => code,
        Err(error) => {
            say(&format!("rows: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<ExitCode, Failure> {
    let [which, url] = arguments else {
        return Err("usage: rows rustboot|axum URL".into());
    };
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    match which.as_str() {
        "axum" => serve_theirs(&runtime, url),
        "rustboot" => serve_ours(&runtime, url),
        _ => Err("usage: rows rustboot|axum URL".into()),
    }
}

fn serve_theirs(runtime: &Runtime, url: &str) -> Result<ExitCode, Failure> {
    let pool = runtime.block_on(PgPoolOptions::new().connect(url))?;
    let router = Router::new()
        .route("/rows/{id}", get(theirs))
        .with_state(pool);
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
    let address = listener.local_addr()?;
    runtime.spawn(async move { axum::serve(listener, router).await });
    until_stdin_ends(address)?;
    Ok(ExitCode::SUCCESS)
}

fn serve_ours(runtime: &Runtime, url: &str) -> Result<ExitCode, Failure> {
    let nothing = tempfile::tempdir()?;
    let mut sources = Sources::empty(nothing.path());
    sources
        .environment
        .push(("APP_ENV".to_owned(), "prod".to_owned()));
    let mut app = App::builder();
    app.info(rustboot::app_info!())
        .sources(sources)
        .override_value("database.url", url)
        .override_value("server.host", "127.0.0.1")
        .override_value("server.port", "0")
        .override_value("lifecycle.drain_delay", "0s");
    let running = runtime.block_on(async {
        let assembly = app.assemble().await.map_err(|error| error.to_string())?;
        assembly.start().await.map_err(|error| error.to_string())
    })?;
    let address = running
        .addresses()
        .first()
        .and_then(|address| address.strip_prefix("http://"))
        .ok_or("no address")?
        .parse::<SocketAddr>()?;
    until_stdin_ends(address)?;
    Ok(ExitCode::from(runtime.block_on(running.stop())))
}
