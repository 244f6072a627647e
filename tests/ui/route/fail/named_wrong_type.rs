//! Only a component is taken by name.

use rustboot::prelude::*;

#[get("/items")]
async fn items(#[named("main")] Query(query): Query<String>) {
    let _ = query;
}

fn main() {}
