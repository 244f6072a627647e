//! What is no layer is shown where it stands.

use rustboot::prelude::*;

struct Gzip;

#[routes(layers(Gzip))]
mod api {}

#[get("/", layers(Gzip))]
async fn root() {}

fn main() {}
