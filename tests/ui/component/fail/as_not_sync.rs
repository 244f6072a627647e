//! A trait object is shared between threads; its trait has to say so.

use rustboot::prelude::*;

trait Mailer {}

struct Smtp;

impl Mailer for Smtp {}

#[component(as = dyn Mailer)]
async fn smtp() -> Result<Smtp> {
    Ok(Smtp)
}

fn main() {}
