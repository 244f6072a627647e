//! An unknown argument is an error that names the nearest known one, and all of them are reported.

use rustboot::prelude::*;

struct Clock;

#[component(nmae = "utc", priority = 1)]
fn clock() -> Clock {
    Clock
}

fn main() {}
