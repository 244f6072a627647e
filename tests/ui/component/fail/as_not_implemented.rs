//! A trait that the component does not implement is pointed at.

use rustboot::prelude::*;

trait Mailer: Send + Sync {}

struct Smtp;

#[component(as = dyn Mailer)]
fn smtp() -> Smtp {
    Smtp
}

fn main() {}
