//! A hook is async.

use rustboot::prelude::*;

#[on_start]
fn warm() {}

fn main() {}
