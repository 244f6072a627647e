//! The derive that `#[config]` adds is not written a second time.

use rustboot::prelude::*;

#[config(prefix = "shop")]
#[derive(Debug, serde::Deserialize)]
struct Shop {
    currency: String,
}

fn main() {}
