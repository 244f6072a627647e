//! A generic function cannot be registered, since nobody would say what its parameters are.

use rustboot::prelude::*;

#[component]
fn list<T: Send + Sync + 'static>() -> Vec<T> {
    Vec::new()
}

fn main() {}
