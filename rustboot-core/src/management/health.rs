//! `/health`, `/health/{component}`, `/live`, `/ready`.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Call, Endpoint, Exposure, Reply};
use crate::health::{ComponentHealth, Readiness, Status};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new("/health", Exposure::Management, health),
        Endpoint::new("/health/{component}", Exposure::Management, component),
        Endpoint::new("/live", Exposure::Everywhere, live),
        Endpoint::new("/ready", Exposure::Everywhere, ready),
    ]
}

fn http_status(status: Status) -> u16 {
    match status {
        Status::Down | Status::OutOfService => 503,
        Status::Up | Status::Degraded | Status::Unknown => 200,
    }
}

async fn health(call: Call) -> Reply {
    let report = call.app.health_report().await;
    let components: serde_json::Map<String, Value> = report
        .components
        .iter()
        .map(|(name, component)| (name.clone(), describe(component, call.show_details)))
        .collect();
    let info = call.app.info();
    Reply::json(
        http_status(report.status),
        &json!({
            "status": report.status,
            "components": components,
            "service": { "name": info.name, "version": info.version, "profile": call.app.profile().as_str() },
            "timestamp": Timestamp::now().to_string(),
        }),
    )
}

async fn component(call: Call) -> Reply {
    let name = call.parameter.unwrap_or_default();
    match call.app.component_health(&name).await {
        Some(component) => Reply::json(
            http_status(component.health.status),
            &describe(&component, call.show_details),
        ),
        None => Reply::not_found(),
    }
}

fn describe(component: &ComponentHealth, show_details: bool) -> Value {
    let mut shown = json!({
        "status": component.health.status,
        "latency_ms": (component.latency.as_secs_f64() * 1e6).round() / 1e3,
    });
    if show_details && let Value::Object(shown) = &mut shown {
        shown.insert("critical".to_owned(), json!(component.critical));
        shown.insert(
            "details".to_owned(),
            Value::Object(component.health.details.clone()),
        );
    }
    shown
}

/// Being able to answer is the whole check.
async fn live(_call: Call) -> Reply {
    Reply::json(200, &json!({ "status": Status::Up }))
}

async fn ready(call: Call) -> Reply {
    match call.app.readiness().await {
        Readiness::Ready => Reply::json(200, &json!({ "status": Status::Up })),
        Readiness::NotReady(reason) => Reply::json(
            503,
            &json!({ "status": Status::OutOfService, "reason": reason }),
        ),
    }
}
