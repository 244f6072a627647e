//! What `#[task]` does not take, it says.

use rustboot::prelude::*;

#[task(restart = "always")]
async fn always() {}

#[task(every = "1m")]
async fn again() {}

#[task]
fn blocking() {}

#[task]
async fn number() -> u64 {
    0
}

fn main() {}
