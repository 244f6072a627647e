//! summer-rs (the renamed spring-rs) as it comes: its web and sqlx plugins with their defaults.

use serde::{Deserialize, Serialize};
use summer::{App, auto_config};
use summer_sqlx::{ConnectPool, SqlxPlugin, sqlx};
use summer_web::axum::Json;
use summer_web::axum::http::StatusCode;
use summer_web::extractor::{Component, Path};
use summer_web::{WebConfigurator, WebPlugin, get, post};

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
async fn row(
    Path(id): Path<i32>,
    Component(pool): Component<ConnectPool>,
) -> Result<Json<Row>, StatusCode> {
    let (id, name) = sqlx::query_as::<_, (i32, String)>("SELECT id, name FROM users WHERE id = $1")
        .bind(id)
        .fetch_one(&pool)
        .await
        .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(Json(Row { id, name }))
}

#[auto_config(WebConfigurator)]
#[tokio::main]
async fn main() {
    App::new()
        .add_plugin(SqlxPlugin)
        .add_plugin(WebPlugin)
        .run()
        .await
}
