//! `as` takes trait objects, without quotes, each once.

use rustboot::prelude::*;

trait Mailer: Send + Sync {}

struct Smtp;

impl Mailer for Smtp {}

#[component(as = Mailer)]
fn path() -> Smtp {
    Smtp
}

#[component(as = "dyn Mailer")]
fn quoted() -> Smtp {
    Smtp
}

#[component(as = dyn Mailer, as = dyn Mailer)]
fn twice() -> Smtp {
    Smtp
}

#[component(as)]
fn nothing() -> Smtp {
    Smtp
}

fn main() {}
