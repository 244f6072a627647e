//! Rustboot as it comes, in the profile `prod`: access log as JSON, metrics, timeouts, limits, security headers.

use std::net::SocketAddr;
use std::process::ExitCode;

use axum::Router;
use axum::http::Method;
use rustboot::prelude::*;
use rustboot::{App, RouteDef, Sources, route_handler};
use rustboot_benches::payload::{Greeting, Item, TEXT, user};
use rustboot_benches::phases::until_stdin_ends;
use tokio::runtime::Runtime;

use super::Failure;

#[get("/text")]
async fn text() -> &'static str {
    TEXT
}

#[get("/json")]
async fn json() -> Json<Greeting> {
    Json(Greeting::new())
}

#[get("/users/{id}")]
async fn by_id(Path(id): Path<u64>) -> String {
    user(id)
}

#[post("/echo")]
async fn echo(Json(item): Json<Item>) -> Json<Item> {
    Json(item)
}

/// The routes above.
pub(super) fn attributes() -> AppBuilder {
    App::builder()
}

/// The routes above among 5,000 others, of the shapes that a large service has: resources with an id, and what is below that.
pub(super) fn crowded() -> AppBuilder {
    let mut app = App::builder();
    for number in 0..1_250 {
        // Neighbours of the four in the tree of paths as well.
        let resource = match number % 5 {
            0 => format!("/users{number}"),
            1 => format!("/json/{number}"),
            2 => format!("/text{number}"),
            _ => format!("/area{}/resource{number}", number % 40),
        };
        for path in [
            resource.clone(),
            format!("{resource}/{{id}}"),
            format!("{resource}/{{id}}/parts"),
            format!("{resource}/{{id}}/parts/{{part}}"),
        ] {
            // As the paths of attributes do, it lives as long as the process.
            app.route(RouteDef::new(Method::GET, path.leak(), || {
                route_handler(async || TEXT)
            }));
        }
    }
    app
}

/// A router behind the pipeline, and no route of ours.
pub(super) fn mounting(router: Router) -> AppBuilder {
    let mut app = App::builder();
    app.without_collected_items().router(router);
    app
}

pub(super) fn serve(runtime: &Runtime, mut app: AppBuilder) -> Result<ExitCode, Failure> {
    let nothing = tempfile::tempdir()?;
    let mut sources = Sources::empty(nothing.path());
    sources
        .environment
        .push(("APP_ENV".to_owned(), "prod".to_owned()));
    app.info(rustboot::app_info!())
        .sources(sources)
        .override_value("server.host", "127.0.0.1")
        .override_value("server.port", "0")
        // There is no load balancer that would have to notice.
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
