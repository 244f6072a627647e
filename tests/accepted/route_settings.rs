//! What a route says of itself arrives in its definition, however it is written.

#![deny(warnings)]

use std::time::Duration;

use rustboot::__private::inventory;
use rustboot::prelude::*;
use rustboot::{ByteSize, RouteDef, RouteSecurity, RouteSettings};

#[post(
    "/uploads",
    timeout = "1m30s",
    body_limit = "50MB",
    max_in_flight = 10,
    access_log = false,
    tag = "uploads",
    security = "bearer",
    roles("admin", "support")
)]
async fn upload() {}

#[get("/open", permit_all)]
async fn open() {}

#[get("/plain")]
async fn plain() {}

#[test]
fn what_a_route_says_of_itself_arrives() {
    let of = |path| {
        inventory::iter::<RouteDef>()
            .find(|def| def.location.file == file!() && def.path == path)
            .unwrap()
    };
    let upload = of("/uploads");
    assert_eq!(upload.tag, Some("uploads"));
    assert_eq!(
        upload.settings,
        RouteSettings::new()
            .timeout(Duration::from_secs(90))
            .body_limit(ByteSize::bytes(50_000_000))
            .max_in_flight(10)
            .access_log(false)
    );
    assert_eq!(
        upload.security,
        RouteSecurity::new()
            .scheme("bearer")
            .roles(&["admin", "support"])
    );
    assert_eq!(of("/open").security, RouteSecurity::new().permit_all());
    let plain = of("/plain");
    assert_eq!(
        (plain.tag, plain.settings, plain.security),
        (None, RouteSettings::new(), RouteSecurity::new())
    );
}
