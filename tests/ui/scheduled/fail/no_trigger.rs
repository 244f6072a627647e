//! A task says when it runs.

use rustboot::prelude::*;

#[scheduled]
async fn tick() {}

#[scheduled(initial_delay = "10s")]
async fn tock() {}

fn main() {}
