//! `main` takes nothing or the builder; a component in its parameters is pointed at.

use rustboot::prelude::*;

struct Catalog;

#[rustboot::app]
async fn main(catalog: Inject<Catalog>) {}
