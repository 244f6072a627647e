//! A task is async, and returns nothing or a `Result` of nothing.

use rustboot::prelude::*;

#[scheduled(every = "1m")]
fn tick() {}

#[scheduled(every = "1m")]
async fn count() -> u64 {
    0
}

fn main() {}
