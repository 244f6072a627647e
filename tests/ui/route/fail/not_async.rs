//! A handler is async.

use rustboot::prelude::*;

#[get("/items")]
fn items() {}

fn main() {}
