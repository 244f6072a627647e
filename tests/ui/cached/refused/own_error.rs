use rustboot::prelude::*;

struct SoldOut;

#[cached(key = "stock")]
async fn stock(cache: &Cache) -> Result<u8, SoldOut> {
    Err(SoldOut)
}

fn main() {}
