//! A computed default is told to be a literal, or the `Default` of the type.

use std::time::Duration;

use rustboot::prelude::*;

#[config(prefix = "shop")]
struct Shop {
    #[config(default = Duration::from_secs(30))]
    hold: Duration,
}

fn main() {}
