//! A last parameter that is no extractor is pointed at.

use rustboot::prelude::*;

struct Catalog;

#[get("/items")]
async fn items(catalog: Catalog) {
    let _ = catalog;
}

fn main() {}
