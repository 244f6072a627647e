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
    format!(
        "{} {:?} {}",
        shop.currency,
        shop.hold,
        shop.payments.join("+")
    )
}

/// Says that the secrets arrived, without saying them.
#[get("/settings/secrets")]
async fn secrets(shop: Config<Shop>) -> String {
    let pin = shop
        .pin
        .as_ref()
        .map_or(0, |pin| pin.expose_secret().to_string().len());
    let partners: usize = shop
        .partners
        .iter()
        .map(|partner| partner.expose_secret().len())
        .sum();
    let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let (signing_key, webhook) = (length(&shop.signing_key), length(&shop.webhook));
    format!(
        "{} {pin} {partners} {signing_key} {webhook}",
        shop.api_key.expose_secret().len()
    )
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
