use rustboot::prelude::*;

#[get("/users/{id}")]
#[cached(key = "user:{id}")]
async fn user(cache: Cache, id: Path<i64>) -> Result<Json<i64>> {
    Ok(Json(id.0))
}

fn main() {}
