//! A prefix with the underscore that separates it from the key is told to leave it out.

#[rustboot::app(env_prefix = "SHOP_")]
async fn main() {}
