//! `/health`, `/health/{component}`, `/live`, `/ready`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

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

/// `/health`. A struct, because members in the order of their weight are easier to read than sorted ones.
#[derive(Serialize)]
struct Report<'a> {
    status: Status,
    components: BTreeMap<&'a str, Component<'a>>,
    service: Service<'a>,
    timestamp: String,
}

#[derive(Serialize)]
struct Service<'a> {
    name: &'a str,
    version: &'a str,
    profile: &'a str,
}

#[derive(Serialize)]
struct Component<'a> {
    status: Status,
    latency_ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    critical: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<&'a serde_json::Map<String, serde_json::Value>>,
}

impl<'a> Component<'a> {
    fn of(component: &'a ComponentHealth, show_details: bool) -> Self {
        Self {
            status: component.health.status,
            latency_ms: (component.latency.as_secs_f64() * 1e6).round() / 1e3,
            critical: show_details.then_some(component.critical),
            details: show_details.then_some(&component.health.details),
        }
    }
}

async fn health(call: Call) -> Reply {
    let report = call.app.health_report().await;
    let info = call.app.info();
    let components = report
        .components
        .iter()
        .map(|(name, component)| (name.as_str(), Component::of(component, call.show_details)))
        .collect();
    Reply::json(
        http_status(report.status),
        &Report {
            status: report.status,
            components,
            service: Service {
                name: info.name,
                version: info.version,
                profile: call.app.profile().as_str(),
            },
            timestamp: Timestamp::now().to_string(),
        },
    )
}

async fn component(call: Call) -> Reply {
    let name = call.parameter.unwrap_or_default();
    match call.app.component_health(&name).await {
        Some(component) => Reply::json(
            http_status(component.health.status),
            &Component::of(&component, call.show_details),
        ),
        None => Reply::not_found(),
    }
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
