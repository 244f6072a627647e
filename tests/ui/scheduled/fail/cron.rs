//! Cron expressions are not there yet, and say so.

use rustboot::prelude::*;

#[scheduled(cron = "0 3 * * *")]
async fn nightly() {}

fn main() {}
