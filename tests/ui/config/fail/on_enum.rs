//! An enum has no keys; it is the type of a field.

use rustboot::prelude::*;

#[config(prefix = "mode")]
enum Mode {
    Fast,
    Careful,
}

fn main() {}
