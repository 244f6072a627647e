//! Whatever `main` takes beside the builder is pointed at.

use rustboot::prelude::*;

struct Catalog;

#[rustboot::app]
async fn main(app: &mut AppBuilder, catalog: Inject<Catalog>) {}
