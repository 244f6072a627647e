//! A task has one trigger.

use rustboot::prelude::*;

#[scheduled(every = "1m", delay = "1m")]
async fn tick() {}

fn main() {}
