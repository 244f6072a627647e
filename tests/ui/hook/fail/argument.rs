//! Hooks take no arguments; an order is told where it comes from.

use rustboot::prelude::*;

#[on_start(order = 1)]
async fn warm() {}

#[on_stop("flush")]
async fn flush() {}

fn main() {}
