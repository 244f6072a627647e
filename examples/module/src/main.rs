//! An application with a module of somebody else: `cargo run -p module`, then `curl localhost:8080/hello/10.1.2.3` and
//! `curl localhost:8080/geo/10.1.2.3`. `cargo run -p module -- geo` is the module's command.

use geo::{Countries, Geo};
use rustboot::prelude::*;

#[rustboot::app]
async fn main(app: &mut AppBuilder) -> Result<()> {
    app.module(Geo);
    Ok(())
}

#[get("/hello/{address}")]
async fn hello(Path(address): Path<String>, countries: Inject<Countries>) -> String {
    format!("Hello, {}!\n", countries.of(&address))
}
