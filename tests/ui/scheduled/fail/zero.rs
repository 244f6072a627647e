//! A task cannot run all the time.

use rustboot::prelude::*;

#[scheduled(every = "0s")]
async fn tick() {}

fn main() {}
