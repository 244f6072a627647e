//! A parameter that the wiring cannot provide is pointed at, with what to write instead.

use rustboot::prelude::*;

struct Clock;
struct Catalog;

#[component]
fn catalog(clock: Clock) -> Catalog {
    let _ = clock;
    Catalog
}

fn main() {}
