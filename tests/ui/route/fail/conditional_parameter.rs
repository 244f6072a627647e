//! The macro sees a parameter before the compiler knows whether it is there.

use rustboot::prelude::*;

#[get("/items/{id}")]
async fn item(Path(id): Path<i64>, #[cfg(windows)] ip: ClientIp) -> String {
    id.to_string()
}

fn main() {}
