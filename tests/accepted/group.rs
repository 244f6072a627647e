//! Groups compile without a warning, in modules of any name, and their names are those of the modules.

#![deny(warnings)]

use rustboot::__private::inventory;
use rustboot::axum::extract::DefaultBodyLimit;
use rustboot::prelude::*;
use rustboot::{RouteDef, RouteGroup};

fn limit() -> DefaultBodyLimit {
    DefaultBodyLimit::max(1)
}

const ORDERS_LINE: u32 = line!() + 2;
#[routes(prefix = "/orders", tag = "orders", layers(limit(), limit(),), crate = rustboot)]
pub(crate) mod orders {
    use rustboot::prelude::*;

    #[get("/", layers(super::limit()))]
    async fn all() {}

    pub(super) mod inside {
        const LINE: u32 = line!() + 1;
        rustboot::route_group!(prefix = "/inside");

        #[rustboot::get("/{id}")]
        async fn one() {}

        pub(crate) fn line() -> u32 {
            LINE
        }
    }
}

#[routes(prefix = "/raw")]
mod r#type {
    #[rustboot::get("/")]
    async fn r#match() {}
}

#[test]
fn a_group_has_the_name_of_its_module() {
    let of = |name: &str| {
        let name = format!("{}::{name}", module_path!());
        inventory::iter::<RouteGroup>()
            .find(|group| group.location.file == file!() && group.name == name)
            .unwrap()
    };
    let orders = of("orders");
    assert_eq!((orders.prefix, orders.tag), ("/orders", Some("orders")));
    assert_eq!(orders.location.line, ORDERS_LINE);
    assert_eq!(orders.layers.map(|layers| layers().len()), Some(2));
    assert_eq!(of("orders::inside").location.line, orders::inside::line());
    // The names of routes begin with those of their groups.
    let groups = || inventory::iter::<RouteGroup>().filter(|group| group.location.file == file!());
    for group in groups() {
        let of_group = |route: &&RouteDef| route.name.starts_with(&format!("{}::", group.name));
        assert!(
            inventory::iter::<RouteDef>().any(|route| of_group(&route)),
            "{}",
            group.name
        );
    }
    assert_eq!(groups().count(), 3);
}
