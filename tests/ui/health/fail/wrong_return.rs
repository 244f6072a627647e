//! A check says how it is.

use rustboot::prelude::*;

#[health("nothing")]
async fn nothing() {}

#[health("truth")]
async fn truth() -> bool {
    true
}

fn main() {}
