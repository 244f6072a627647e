//! Fields without names have no keys.

use rustboot::prelude::*;

#[config(prefix = "shop")]
struct Shop(String);

fn main() {}
