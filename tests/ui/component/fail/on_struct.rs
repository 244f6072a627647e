//! A struct is told to be made by a function.

use rustboot::prelude::*;

#[component]
struct Catalog;

fn main() {}
