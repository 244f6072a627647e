use rustboot::prelude::*;

#[cached(key = "user:{id}")]
fn not_async(cache: &Cache, id: i64) -> Result<i64> {
    Ok(id)
}

#[cached(key = "user:{id}")]
async fn generic<T: Send>(cache: &Cache, id: i64, value: T) -> Result<T> {
    Ok(value)
}

#[cached(key = "user:{id}", ttl = "5min")]
async fn nothing(cache: &mut Cache, id: i64) {}

#[cached(key = "user")]
struct User;

fn main() {}
