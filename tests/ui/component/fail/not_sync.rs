//! A component that cannot be shared between threads is pointed at where its type stands.

use std::cell::Cell;

use rustboot::prelude::*;

#[component]
fn counter() -> Cell<u64> {
    Cell::new(0)
}

fn main() {}
