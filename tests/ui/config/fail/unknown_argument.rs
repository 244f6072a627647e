//! Arguments that do not exist, on the struct and on a field, are reported together.

use rustboot::prelude::*;

#[config(prefx = "shop")]
struct Shop {
    #[config(range(min = 1, max = 10))]
    copies: u8,
    #[config(defualt = 1)]
    pages: u8,
}

fn main() {}
