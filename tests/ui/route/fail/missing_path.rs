//! A route has a path, and `#[route]` a method before it.

use rustboot::prelude::*;

#[get]
async fn nothing() {}

#[route("/items")]
async fn items() {}

#[route(get, "/items")]
async fn lower_case() {}

fn main() {}
