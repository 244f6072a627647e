//! Serves one row from PostgreSQL by its id: `rows rustboot|axum URL`, until its stdin ends. What is compared is the pool: both
//! use sqlx's connections and ten of them, one worker thread, and no settings. The README says how to measure.

use std::io::{BufRead as _, Write as _};
use std::process::ExitCode;

use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Json, Router};
use rustboot::sqlx::{self, PgPool, postgres::PgPoolOptions};
use rustboot::{App, PgDb, Sources};
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::runtime::Builder;

const SELECT: &str = "SELECT id, name FROM users WHERE id = $1";

#[derive(Serialize)]
struct User {
    id: i32,
    name: String,
}

#[rustboot::get("/rows/{id}")]
async fn ours(rustboot::Path(id): rustboot::Path<i32>, db: PgDb) -> rustboot::Result<Json<User>> {
    let (id, name) = sqlx::query_as(SELECT).bind(id).fetch_one(&db).await?;
    Ok(Json(User { id, name }))
}

async fn theirs(Path(id): Path<i32>, State(pool): State<PgPool>) -> Result<Json<User>, String> {
    let row = sqlx::query_as(SELECT).bind(id).fetch_one(&pool).await;
    let (id, name) = row.map_err(|error| error.to_string())?;
    Ok(Json(User { id, name }))
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<(), Box<dyn std::error::Error>> {
    let [which, url] = arguments else {
        return Err("usage: rows rustboot|axum URL".into());
    };
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    match which.as_str() {
        "axum" => runtime.block_on(async {
            let pool = PgPoolOptions::new().connect(url).await?;
            let router = Router::new()
                .route("/rows/{id}", get(theirs))
                .with_state(pool);
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            let address = listener.local_addr()?;
            let mut serving = tokio::task::JoinSet::new();
            serving.spawn(async move { axum::serve(listener, router).await });
            until_stdin_ends(&address.to_string()).await;
            Ok(())
        }),
        "rustboot" => runtime.block_on(async {
            let nothing = tempfile::tempdir()?;
            let mut sources = Sources::empty(nothing.path());
            sources
                .environment
                .push(("APP_ENV".to_owned(), "prod".to_owned()));
            let mut app = App::builder();
            app.info(rustboot::app_info!())
                .sources(sources)
                .override_value("database.url", url.as_str())
                .override_value("server.host", "127.0.0.1")
                .override_value("server.port", "0")
                .override_value("lifecycle.drain_delay", "0s");
            let assembly = app.assemble().await.map_err(|error| error.to_string())?;
            let running = assembly.start().await.map_err(|error| error.to_string())?;
            let address = running.addresses().first().cloned().unwrap_or_default();
            until_stdin_ends(address.trim_start_matches("http://")).await;
            running.stop().await;
            Ok(())
        }),
        _ => Err("usage: rows rustboot|axum URL".into()),
    }
}

/// Says where the server listens, and waits until it is to end.
async fn until_stdin_ends(address: &str) {
    say(&format!("listening on {address}"));
    let ended = tokio::task::spawn_blocking(|| std::io::stdin().lock().lines().for_each(drop));
    ended.await.ok();
}

fn say(line: &str) {
    // Whoever started us may be gone.
    writeln!(std::io::stderr(), "{line}").ok();
}
