//! `#[named]` says a name, once.

use rustboot::prelude::*;

struct Mail;
struct Clock;

#[component]
fn mail(#[named] _a: Inject<Clock>, #[named("")] _b: Inject<Clock>, #[named("a")] #[named("b")] _c: Inject<Clock>) -> Mail {
    Mail
}

fn main() {}
