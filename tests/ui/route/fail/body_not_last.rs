//! An extractor that takes the body is the last one; the one that is not is pointed at.

use rustboot::prelude::*;

#[post("/items/{id}")]
async fn save(Json(item): Json<String>, Path(id): Path<i64>) {
    let _ = (id, item);
}

fn main() {}
