//! actix-web as it comes, with sqlx's default pool, one worker.

use actix_web::{App, HttpServer, Responder, error, get, post, web};
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

#[get("/text")]
async fn text() -> &'static str {
    "Hello, World!"
}

#[get("/json")]
async fn json() -> impl Responder {
    web::Json(Greeting {
        message: "Hello, World!",
        number: 42,
    })
}

#[get("/users/{id}")]
async fn user(id: web::Path<u64>) -> String {
    format!("user {id}")
}

#[post("/echo")]
async fn echo(item: web::Json<Item>) -> web::Json<Item> {
    item
}

#[get("/rows/{id}")]
async fn row(id: web::Path<i32>, pool: web::Data<PgPool>) -> actix_web::Result<web::Json<Row>> {
    let (id, name) = sqlx::query_as::<_, (i32, String)>("SELECT id, name FROM users WHERE id = $1")
        .bind(*id)
        .fetch_one(pool.get_ref())
        .await
        .map_err(error::ErrorInternalServerError)?;
    Ok(web::Json(Row { id, name }))
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port: u16 = std::env::var("PORT")?.parse()?;
    let pool = web::Data::new(PgPool::connect_lazy(&std::env::var("DATABASE_URL")?)?);
    HttpServer::new(move || {
        App::new()
            .app_data(pool.clone())
            .service(text)
            .service(json)
            .service(user)
            .service(echo)
            .service(row)
    })
    .workers(1)
    .bind(("127.0.0.1", port))?
    .run()
    .await?;
    Ok(())
}
