//! There are three ways to overlap, and one of them takes a number.

use rustboot::prelude::*;

#[scheduled(every = "1m", overlap = "always")]
async fn always() {}

#[scheduled(every = "1m", overlap = "allow")]
async fn how_many() {}

#[scheduled(every = "1m", max_concurrent = "4")]
async fn text() {}

#[scheduled(delay = "1m", overlap = "queue")]
async fn never() {}

fn main() {}
