use rustboot::prelude::*;

#[derive(Clone)]
struct User;

#[cached(key = "user:{id}")]
async fn user(cache: &Cache, id: i64) -> Result<User> {
    let _ = id;
    Ok(User)
}

fn main() {}
