//! The `:name` of earlier routers is told to be `{name}`, and so is the rest of the path.

use rustboot::prelude::*;

#[get("/items/:id")]
async fn item() {}

#[get("/files/*rest")]
async fn file() {}

fn main() {}
