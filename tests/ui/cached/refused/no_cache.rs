use rustboot::prelude::*;

#[cached(key = "user:{id}")]
async fn none(id: i64) -> Result<i64> {
    Ok(id)
}

#[cached(key = "user:{id}", cache = "users")]
async fn by_name(cache: &Cache, id: i64) -> Result<i64> {
    Ok(id)
}

#[derive(Clone)]
struct Shop;

impl Shop {
    #[cached(key = "user:{id}")]
    async fn no_field(&self, id: i64) -> Result<i64> {
        Ok(id)
    }
}

fn main() {}
