//! Arguments that are not right.

use rustboot::prelude::*;

#[rustboot::test(set("currency" = "EUR", "shop.limit" = 1, "shop.limit" = 2), timeout = "5")]
async fn keys(app: TestApp) {}

#[rustboot::test(set(shop.currency = "EUR"))]
async fn bare(app: TestApp) {}

#[rustboot::test(flavor = "multi_thread", provide = Rates(1.0), start_pause = true)]
async fn others(app: TestApp) {}

fn main() {}
