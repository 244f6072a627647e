//! A group is a module that is written out.

use rustboot::prelude::*;

#[routes(prefix = "/api")]
async fn orders() {}

fn main() {}
