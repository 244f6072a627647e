//! A path starts with a slash.

use rustboot::prelude::*;

#[get("items")]
async fn items() {}

fn main() {}
