//! Limits are checked while they can be pointed at, all together.

use rustboot::prelude::*;

#[get("/items", timeout = 2, body_limit = "1M", max_in_flight = "ten", access_log = "off")]
async fn items() {}

#[get("/orders", timeout = "0s", body_limit = "large", max_in_flight = 0)]
async fn orders() {}

fn main() {}
