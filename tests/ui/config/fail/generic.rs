//! A section has one type.

use rustboot::prelude::*;

#[config(prefix = "shop")]
struct Shop<T> {
    currency: T,
}

fn main() {}
