//! A handler is one function, not a family of them.

use rustboot::prelude::*;

#[get("/items")]
async fn items<T>(_page: Query<T>, _format: impl Send) {}

fn main() {}
