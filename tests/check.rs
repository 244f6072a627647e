//! `app check` says everything that is wrong with the wiring in one run.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on should say where"
)]

use rustboot::__private::{BoxFuture, Instance, Location, Resolver, RouteDef, http, route_handler};
use rustboot::core::component::{ComponentDef, ComponentKey, Dependency};
use rustboot::core::config::Arguments;
use rustboot::prelude::*;
use rustboot::{App, Sources, StartError};

struct Stock;
struct Prices;
struct Offers;
struct Clock;

/// Nothing is built in a check.
fn never(_: &Resolver<'_>) -> Result<BoxFuture<'static, Result<Instance>>> {
    Err(Error::internal("a check builds nothing"))
}

fn declare<T: 'static>(app: &mut AppBuilder, line: u32, dependencies: fn() -> Vec<Dependency>) {
    app.component(ComponentDef {
        key: ComponentKey::of::<T>,
        location: Location::new("src/shop.rs", line),
        dependencies,
        build: never,
    });
}

fn needs<T: 'static>() -> Vec<Dependency> {
    vec![Dependency::required(ComponentKey::of::<T>())]
}

fn route(app: &mut AppBuilder, path: &'static str, line: u32) {
    let handler = || route_handler(async || "item");
    let location = Location::new("src/api.rs", line);
    app.route(
        RouteDef::new(http::Method::GET, path, handler).declared("shop::api::item", location),
    );
}

#[tokio::test]
async fn five_findings_in_one_run() {
    let mut sources = Sources::empty("/nonexistent");
    sources.arguments = Arguments::parse(["check"]);
    let mut app = App::builder();
    app.sources(sources).without_collected_items();
    // Nobody makes `Stock`.
    declare::<String>(&mut app, 1, needs::<Stock>);
    // A ring of two.
    declare::<Prices>(&mut app, 2, needs::<Offers>);
    declare::<Offers>(&mut app, 3, needs::<Prices>);
    // Two of a kind.
    declare::<Clock>(&mut app, 4, Vec::new);
    declare::<Clock>(&mut app, 5, Vec::new);
    // Two routes that collide with each other, and one that collides with ours.
    route(&mut app, "/items/{id}", 1);
    route(&mut app, "/items/{name}", 2);
    route(&mut app, "/health/{part}", 3);

    let error = app.assemble().await.unwrap_err();
    assert_eq!(error.exit_code(), 78);
    let StartError::Report(report) = error else {
        panic!("{error}");
    };
    assert_eq!(
        (report.configuration.len(), report.wiring.len()),
        (0, 5),
        "{report}"
    );
    let text = report.to_string();
    assert!(
        text.starts_with("error: the wiring has 5 problems\n"),
        "{text}"
    );
    for expected in [
        "Clock: there are 2 of this type\n     made at src/shop.rs:4\n     made at src/shop.rs:5",
        "Stock: there is no such component\n     needed by the component String (src/shop.rs:1)",
        "Offers: needs itself: Offers → Prices → Offers",
        "GET /items/{id}: 2 handlers for one route\n     declared by `shop::api::item` as /items/{id} (src/api.rs:1)",
        "GET /health/{part}: the path belongs to a management endpoint\n     declared by `shop::api::item` (src/api.rs:3)",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
}
