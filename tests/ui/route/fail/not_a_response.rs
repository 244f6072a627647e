//! A return type that cannot be sent is pointed at.

use rustboot::prelude::*;

struct Item;

#[get("/item")]
async fn item() -> Item {
    Item
}

fn main() {}
