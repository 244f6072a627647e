//! A query is no part of a path.

use rustboot::prelude::*;

#[get("/items?page={page}")]
async fn items() {}

fn main() {}
