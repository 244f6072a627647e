//! Cron expressions need a feature, and say which.

use rustboot::prelude::*;

#[scheduled(cron = "0 3 * * *")]
async fn nightly() {}

fn main() {}
