//! Two parameters of one path have two names.

use rustboot::prelude::*;

#[get("/shops/{id}/items/{id}")]
async fn item() {}

fn main() {}
