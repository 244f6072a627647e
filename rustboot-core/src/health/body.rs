//! The shape of `/health`: ours, unless the application has a contract of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::{ComponentHealth, HealthReport, Status};
use crate::app::AppContext;
use crate::management::Reply;

/// What `/health` and `/health/{component}` answer. [`AppBuilder::health_body`](crate::AppBuilder::health_body) replaces it.
///
/// ```
/// use rustboot_core::AppContext;
/// use rustboot_core::health::{HealthBody, HealthReport};
/// use rustboot_core::management::Reply;
/// use serde_json::json;
///
/// /// What our load balancer wants: `{"ok":true}`.
/// struct ForTheBalancer;
///
/// impl HealthBody for ForTheBalancer {
///     fn report(&self, report: &HealthReport, _app: &AppContext, _show_details: bool) -> Reply {
///         let code = report.status.http_status();
///         Reply::json(code, &json!({ "ok": code == 200 }))
///     }
/// }
/// ```
pub trait HealthBody: Send + Sync + 'static {
    /// `/health`. Details are for eyes that may see the inside: leave them out unless `show_details`.
    fn report(&self, report: &HealthReport, app: &AppContext, show_details: bool) -> Reply;

    /// `/health/{component}`, for a component that exists. By default what the framework answers.
    fn component(
        &self,
        name: &str,
        component: &ComponentHealth,
        app: &AppContext,
        show_details: bool,
    ) -> Reply {
        let _ = (name, app);
        Reply::json(
            component.health.status.http_status(),
            &Component::of(component, show_details),
        )
    }
}

/// The body that the application chose.
pub(crate) struct HealthBodySlot(pub(crate) Arc<dyn HealthBody>);

impl AppContext {
    pub(crate) fn health_body(&self) -> Arc<dyn HealthBody> {
        match self.attachment::<HealthBodySlot>() {
            Some(slot) => Arc::clone(&slot.0),
            None => Arc::new(DefaultHealthBody),
        }
    }
}

/// The framework's own.
#[derive(Debug, Clone, Copy, Default)]
pub struct DefaultHealthBody;

impl HealthBody for DefaultHealthBody {
    fn report(&self, report: &HealthReport, app: &AppContext, show_details: bool) -> Reply {
        let info = app.info();
        let components = report
            .components
            .iter()
            .map(|(name, component)| (name.as_str(), Component::of(component, show_details)))
            .collect();
        Reply::json(
            report.status.http_status(),
            &Report {
                status: report.status,
                components,
                service: Service {
                    name: info.name,
                    version: info.version,
                    profile: app.profile().as_str(),
                },
                timestamp: Timestamp::now().to_string(),
            },
        )
    }
}

/// A struct, because members in the order of their weight are easier to read than sorted ones.
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
