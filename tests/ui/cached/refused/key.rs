use rustboot::prelude::*;

#[cached(key = "user:{idd}")]
async fn unknown(cache: &Cache, id: i64) -> Result<i64> {
    Ok(id)
}

#[cached(key = "user:{shop}{id}")]
async fn not_separated(cache: &Cache, shop: i64, id: i64) -> Result<i64> {
    Ok(shop + id)
}

#[cached(ttl = "60s")]
async fn missing(cache: &Cache) -> Result<i64> {
    Ok(1)
}

fn main() {}
