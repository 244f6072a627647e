//! The attribute goes on `main` and nowhere else.

#[rustboot::app]
async fn serve() {}

fn main() {}
