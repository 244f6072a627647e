//! Wrong arguments and a wrong function are reported together.

use rustboot::prelude::*;

#[health("payments", critical = "no", timeout = "0s", every = "1m")]
fn payments() -> Health {
    Health::up()
}

#[health("payments", critical = "no", timeout = "0s")]
async fn again() -> Health {
    Health::up()
}

fn main() {}
