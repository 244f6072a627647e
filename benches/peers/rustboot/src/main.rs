//! Rustboot as it comes, in the profile `prod`: request ids, JSON access log, metrics, timeouts, limits, panic guard,
//! security headers, health and management endpoints, its own database pool.

use rustboot::prelude::*;
use serde::{Deserialize, Serialize};

#[rustboot::app]
async fn main() {}

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

#[get("/text")]
async fn text() -> &'static str {
    "Hello, World!"
}

#[get("/json")]
async fn json() -> Json<Greeting> {
    Json(Greeting {
        message: "Hello, World!",
        number: 42,
    })
}

#[get("/users/{id}")]
async fn user(Path(id): Path<u64>) -> String {
    format!("user {id}")
}

#[post("/echo")]
async fn echo(Json(item): Json<Item>) -> Json<Item> {
    Json(item)
}

#[get("/rows/{id}")]
async fn row(Path(id): Path<i32>, db: PgDb) -> Result<Json<Row>> {
    let (id, name) =
        rustboot::sqlx::query_as::<_, (i32, String)>("SELECT id, name FROM users WHERE id = $1")
            .bind(id)
            .fetch_one(&db)
            .await?;
    Ok(Json(Row { id, name }))
}
