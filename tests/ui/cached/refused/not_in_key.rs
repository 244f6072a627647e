use rustboot::prelude::*;

#[cached(key = "user:{id}")]
async fn user(cache: &Cache, id: i64, language: &str) -> Result<String> {
    Ok(format!("{id} {language}"))
}

fn main() {}
