//! loco as it comes in production: its default middleware, no database of its own (sqlx's default pool for the row).

use async_trait::async_trait;
use axum::routing::{get, post};
use axum::{Extension, Json, extract::Path};
use loco_rs::app::{AppContext, Hooks};
use loco_rs::bgworker::Queue;
use loco_rs::boot::{BootResult, StartMode, create_app};
use loco_rs::config::Config;
use loco_rs::controller::{AppRoutes, Routes};
use loco_rs::environment::Environment;
use loco_rs::prelude::{Error, Result};
use loco_rs::task::Tasks;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;

#[derive(Serialize)]
struct Greeting {
    message: &'static str,
    number: u32,
}

#[derive(Serialize, Deserialize)]
struct Item {
    id: u64,
    name: String,
    tags: Vec<String>,
    price: f64,
}

#[derive(Serialize)]
struct Row {
    id: i32,
    name: String,
}

async fn row(Path(id): Path<i32>, Extension(pool): Extension<PgPool>) -> Result<Json<Row>> {
    let (id, name) = sqlx::query_as::<_, (i32, String)>("SELECT id, name FROM users WHERE id = $1")
        .bind(id)
        .fetch_one(&pool)
        .await
        .map_err(Error::msg)?;
    Ok(Json(Row { id, name }))
}

struct App;

#[async_trait]
impl Hooks for App {
    fn app_name() -> &'static str {
        env!("CARGO_CRATE_NAME")
    }

    async fn boot(
        mode: StartMode,
        environment: &Environment,
        config: Config,
    ) -> Result<BootResult> {
        create_app::<Self>(mode, environment, config).await
    }

    fn routes(_context: &AppContext) -> AppRoutes {
        let routes = Routes::new()
            .add("/text", get(async || "Hello, World!"))
            .add(
                "/json",
                get(async || {
                    Json(Greeting {
                        message: "Hello, World!",
                        number: 42,
                    })
                }),
            )
            .add(
                "/users/{id}",
                get(async |Path(id): Path<u64>| format!("user {id}")),
            )
            .add("/echo", post(async |Json(item): Json<Item>| Json(item)))
            .add("/rows/{id}", get(row));
        AppRoutes::empty().add_route(routes)
    }

    async fn after_routes(router: axum::Router, _context: &AppContext) -> Result<axum::Router> {
        let url = std::env::var("DATABASE_URL").map_err(Error::msg)?;
        Ok(router.layer(Extension(PgPool::connect_lazy(&url).map_err(Error::msg)?)))
    }

    async fn connect_workers(_context: &AppContext, _queue: &Queue) -> Result<()> {
        Ok(())
    }

    fn register_tasks(_tasks: &mut Tasks) {}
}

#[tokio::main]
async fn main() -> Result<()> {
    loco_rs::cli::main::<App>().await
}
