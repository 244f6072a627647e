//! Mistakes of a group point at what they are about, all together.

use rustboot::prelude::*;

#[routes]
mod nothing_in_common {}

#[routes(prefix = "api/v1/", timeout = 5, roles("admin"), permit_all)]
mod wrong {}

#[routes(prefx = "/api")]
mod misspelt {}

#[routes(path = "/api", layer = compression())]
mod unknown {}

route_group!("/api");

fn main() {}
