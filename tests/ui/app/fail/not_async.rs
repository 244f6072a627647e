//! `main` without `async` is told to add it, and is not reported a second time.

#[rustboot::app]
fn main() {}
