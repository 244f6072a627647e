//! The rest of a path comes last.

use rustboot::prelude::*;

#[get("/files/{*path}/raw")]
async fn raw() {}

fn main() {}
