//! The test kit, on an application that has a bit of everything.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on should say where"
)]

mod attribute;
mod databases;
mod failures;
#[cfg(feature = "mysql")]
mod mysql;
mod requests;
mod telemetry;
mod time;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rustboot::metrics;
use rustboot::prelude::*;
use rustboot::serde_json::{Value, json};
use rustboot::tracing;

trait Mailer: Send + Sync {
    fn name(&self) -> &'static str;
}

struct Smtp;

impl Mailer for Smtp {
    fn name(&self) -> &'static str {
        "smtp"
    }
}

/// Handed in by `main`, so that it is what production has.
struct Rates(f64);

#[rustboot::app]
async fn main(app: &mut AppBuilder) -> Result<()> {
    app.provide(Rates(1.0));
    app.provide_as::<dyn Mailer>(Arc::new(Smtp));
    Ok(())
}

#[config(prefix = "shop")]
struct Shop {
    #[config(default = "USD")]
    currency: String,
    #[config(default = 3)]
    limit: u32,
}

#[derive(Default)]
struct Sweeps(AtomicU32);

#[component]
fn sweeps() -> Sweeps {
    Sweeps::default()
}

#[scheduled(every = "1h")]
async fn sweep(sweeps: Inject<Sweeps>) -> Result<()> {
    sweeps.0.fetch_add(1, Ordering::Relaxed);
    Ok(())
}

#[get("/about")]
async fn about(
    shop: Config<Shop>,
    rates: Inject<Rates>,
    mailer: Inject<dyn Mailer>,
) -> Json<Value> {
    Json(json!({
        "currency": shop.currency,
        "limit": shop.limit,
        "rate": rates.0,
        "mailer": mailer.name(),
    }))
}

#[post("/orders")]
async fn order(body: Json<Value>) -> Result<(StatusCode, Json<Value>)> {
    if body["item"].is_null() {
        return Err(Error::invalid("the order is not valid").with_field("/item", "is missing"));
    }
    tracing::info!(item = %body["item"], "order placed");
    metrics::counter!("orders_total").increment(1);
    Ok((StatusCode::CREATED, body))
}

#[get("/echo")]
async fn echo(headers: HeaderMap, query: rustboot::axum::extract::RawQuery) -> Json<Value> {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    Json(json!({
        "query": query.0,
        "authorization": header("authorization"),
        "x-tenant": header("x-tenant"),
    }))
}

#[post("/form")]
async fn form(fields: Form<Vec<(String, String)>>) -> Json<Value> {
    Json(json!(fields.0))
}

#[get("/panic")]
async fn panics() -> &'static str {
    panic!("over the edge")
}
