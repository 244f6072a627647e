//! Handlers that take what the framework provides.

use rustboot::prelude::*;

use crate::settings::Shop;

pub(crate) struct Greeting(pub(crate) String);

#[component]
fn greeting(shop: Config<Shop>) -> Greeting {
    Greeting(format!("prices in {}", shop.currency))
}

/// Nobody makes one.
struct Absent;

#[get("/greeting")]
async fn greet(greeting: Inject<Greeting>) -> String {
    greeting.0.clone()
}

#[get("/optional")]
async fn optional(greeting: Option<Inject<Greeting>>, absent: Option<Inject<Absent>>) -> String {
    format!("{} {}", greeting.is_some(), absent.is_some())
}

#[get("/settings")]
async fn settings(shop: Config<Shop>) -> String {
    format!("{} {:?} {}", shop.currency, shop.hold, shop.payments.join("+"))
}

/// Says whether the secret arrived, without saying it.
#[get("/settings/secret")]
async fn secret(shop: Config<Shop>) -> String {
    shop.api_key.expose_secret().len().to_string()
}

#[get("/request-id")]
async fn request_id(id: RequestId) -> String {
    rustboot::tracing::info!("logged by the handler");
    id.to_string()
}

#[get("/client-ip")]
async fn client_ip(ClientIp(ip): ClientIp) -> String {
    ip.to_string()
}

/// The same path as a mounted route, for another method.
#[get("/shared")]
async fn shared() -> &'static str {
    "attribute"
}
