//! A value from the configuration is a key, with a default that fits.

use rustboot::prelude::*;

#[scheduled(every = "1${unit}")]
async fn part() {}

#[scheduled(every = "${cleanup.every:-soon}")]
async fn default() {}

#[scheduled(every = "1m", enabled = "yes")]
async fn switch() {}

fn main() {}
