//! The shortest possible Rustboot application: `cargo run -p hello`, then `curl localhost:8080/hello/you`.

use rustboot::prelude::*;

#[rustboot::app]
async fn main() {}

#[get("/hello/{name}")]
async fn hello(Path(name): Path<String>) -> String {
    format!("Hello, {name}!\n")
}
