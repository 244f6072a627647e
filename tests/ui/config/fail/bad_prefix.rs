//! A prefix that could not be written in a file is corrected, and the struct stays usable meanwhile.

use rustboot::prelude::*;

#[config(prefix = "Shop::Delivery")]
struct Delivery {
    zone: String,
}

#[component]
fn zone(delivery: Config<Delivery>) -> String {
    delivery.zone.clone()
}

fn main() {}
