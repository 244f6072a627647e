//! What the compiler can see of a cron expression and its zone, it checks.

use rustboot::prelude::*;

#[scheduled(cron = "0 3 * *")]
async fn fields() {}

#[scheduled(cron = "0 24 * * *", zone = "+02:00")]
async fn hour() {}

#[scheduled(cron = "0 3 * * *", initial_delay = "1m")]
async fn delayed() {}

#[scheduled(every = "1h", zone = "Europe/Berlin")]
async fn zone() {}

fn main() {}
