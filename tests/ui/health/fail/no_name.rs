//! A check has a name, which is a part of a path.

use rustboot::prelude::*;

#[health]
async fn nothing() -> Health {
    Health::up()
}

#[health(name = "payments")]
async fn with_name() -> Health {
    Health::up()
}

#[health("pay/ments")]
async fn no_path() -> Health {
    Health::up()
}

fn main() {}
