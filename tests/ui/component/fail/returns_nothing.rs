//! A function that returns nothing makes no component.

use rustboot::prelude::*;

#[component]
async fn warm() {}

fn main() {}
