//! `/health`, `/health/{component}`, `/live`, `/ready`.

use serde_json::json;

use super::{Call, Endpoint, Exposure, Reply};
use crate::health::{Readiness, Status};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new("/health", Exposure::Management, health),
        Endpoint::new("/health/{component}", Exposure::Management, component),
        Endpoint::new("/live", Exposure::Everywhere, live),
        Endpoint::new("/ready", Exposure::Everywhere, ready),
    ]
}

async fn health(call: Call) -> Reply {
    let report = call.app.health_report().await;
    let body = call.app.health_body();
    body.report(&report, &call.app, call.show_details)
}

async fn component(call: Call) -> Reply {
    let name = call.parameter.unwrap_or_default();
    match call.app.component_health(&name).await {
        Some(component) => {
            let body = call.app.health_body();
            body.component(&name, &component, &call.app, call.show_details)
        }
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
