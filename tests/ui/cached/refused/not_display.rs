use rustboot::prelude::*;

struct Id;

#[cached(key = "user:{id}")]
async fn user(cache: &Cache, id: Id) -> Result<u8> {
    let _ = id;
    Ok(1)
}

fn main() {}
