//! Handlers that read and check what a client sends.

use garde::Validate;
use rustboot::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Validate)]
pub(crate) struct Order {
    #[garde(length(chars, min = 1, max = 10))]
    customer: String,
    #[garde(range(min = 1, max = 100))]
    quantity: u32,
    #[garde(dive)]
    lines: Vec<Line>,
}

#[derive(Serialize, Deserialize, Validate)]
struct Line {
    #[garde(length(chars, min = 3))]
    sku: String,
}

#[post("/orders")]
async fn order(Valid(Json(order)): Valid<Json<Order>>) -> (StatusCode, Json<Order>) {
    (StatusCode::CREATED, Json(order))
}

#[get("/items/{id}")]
async fn item(Path(id): Path<i64>) -> Json<i64> {
    Json(id)
}

#[delete("/items/{id}")]
async fn remove(Path(_id): Path<i64>) -> StatusCode {
    StatusCode::NO_CONTENT
}

/// axum's own extractor, which works only inside of axum's router.
#[get("/axum-items/{id}")]
async fn axum_item(
    rustboot::axum::extract::Path(id): rustboot::axum::extract::Path<i64>,
) -> Json<i64> {
    Json(id)
}

#[get("/shops/{shop}/items/{*rest}")]
async fn several(Path((shop, rest)): Path<(String, String)>) -> String {
    format!("{shop} {rest}")
}

#[derive(Deserialize)]
struct Search {
    q: String,
    page: Option<u32>,
}

#[get("/search")]
async fn search(Query(search): Query<Search>) -> String {
    format!("{} {}", search.q, search.page.unwrap_or(1))
}
