use rustboot::prelude::*;

#[cached(key = "user:{id}")]
async fn user(cache: &Cache, id: i64) -> i64 {
    id
}

fn main() {}
