//! A duration with an unknown unit, or none, says what to write.

use rustboot::prelude::*;

#[scheduled(every = "5min")]
async fn tick() {}

#[scheduled(every = "90")]
async fn tock() {}

#[scheduled(every = 90)]
async fn number() {}

fn main() {}
