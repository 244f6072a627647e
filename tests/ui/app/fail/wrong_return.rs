//! `main` returns nothing or a `Result` of nothing; another type is pointed at where it stands.

#[rustboot::app]
async fn main() -> u8 {
    0
}
