//! An unknown argument names the known ones, or the one that was meant.

use rustboot::prelude::*;

#[get("/items", colour = "red")]
async fn items() {}

#[get("/orders", timout = "2s")]
async fn orders() {}

fn main() {}
