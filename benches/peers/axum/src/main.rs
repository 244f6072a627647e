//! Bare axum with sqlx's default pool, as their own documentation shows them, without a layer: the yardstick.

use std::net::{Ipv4Addr, SocketAddr};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use tokio::net::TcpListener;

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

async fn row(Path(id): Path<i32>, State(pool): State<PgPool>) -> Result<Json<Row>, StatusCode> {
    let (id, name) = sqlx::query_as::<_, (i32, String)>("SELECT id, name FROM users WHERE id = $1")
        .bind(id)
        .fetch_one(&pool)
        .await
        .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(Json(Row { id, name }))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port: u16 = std::env::var("PORT")?.parse()?;
    let pool = PgPool::connect_lazy(&std::env::var("DATABASE_URL")?)?;
    let app = Router::new()
        .route("/text", get(async || "Hello, World!"))
        .route(
            "/json",
            get(async || {
                Json(Greeting {
                    message: "Hello, World!",
                    number: 42,
                })
            }),
        )
        .route(
            "/users/{id}",
            get(async |Path(id): Path<u64>| format!("user {id}")),
        )
        .route("/echo", post(async |Json(item): Json<Item>| Json(item)))
        .route("/rows/{id}", get(row))
        .with_state(pool);
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    axum::serve(listener, app).await?;
    Ok(())
}
