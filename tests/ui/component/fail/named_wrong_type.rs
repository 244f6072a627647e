//! Only a component is taken by name.

use rustboot::prelude::*;

struct Mail;
struct Clock;

#[component]
fn mail(#[named("utc")] clock: Clock) -> Mail {
    let _ = clock;
    Mail
}

fn main() {}
