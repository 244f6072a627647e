//! An unknown argument names the known ones.

use rustboot::prelude::*;

#[get("/items", tag = "shop")]
async fn items() {}

fn main() {}
