//! `app check`: would it start?

use crate::app::{Assembly, print};
use crate::component::build;
use crate::error::Result;
use crate::health::{self, HealthRegistry, Status};
use crate::lifecycle::stop;

/// Getting here means that configuration and wiring are in order; problems end in the report before.
pub(super) async fn check(assembly: Assembly) -> Result<u8> {
    let context = assembly.context().clone();
    let info = context.info();
    let mut text = format!(
        "ok: {} {}, profile {}: configuration valid, {} components wired\n",
        info.name,
        info.version,
        context.profile(),
        assembly.plan.nodes.len(),
    );
    for condition in context.conditions() {
        let state = if condition.active {
            "active"
        } else {
            "inactive"
        };
        text += &format!(
            "  module {} is {state}: {}\n",
            condition.module, condition.reason
        );
    }
    for warning in assembly.warnings() {
        text += &format!("  warning: {warning}\n");
    }
    if let Some(sources) = unread_sources(&assembly) {
        text += &format!("  not asked without --connect: {sources}\n");
        for problem in &assembly.awaited {
            let needed = problem.notes.first().map_or("", String::as_str);
            text += &format!("    not known here: {}, {needed}\n", problem.subject);
        }
    }
    print(&text);
    if assembly.arguments().has("connect") {
        return connect(assembly).await;
    }
    Ok(0)
}

/// The secret sources that were left alone: "the secret source vault".
pub(super) fn unread_sources(assembly: &Assembly) -> Option<String> {
    let settings = assembly.context().settings();
    let names = &settings.unread_sources;
    let s = if names.len() == 1 { "" } else { "s" };
    (!names.is_empty()).then(|| format!("the secret source{s} {}", names.join(", ")))
}

/// Builds the components without their migrations, looks at their health, and takes them down again.
async fn connect(assembly: Assembly) -> Result<u8> {
    let context = assembly.context().clone();
    let (built, failure) = match build::build(
        &context,
        &assembly.plan,
        &[],
        assembly.lifecycle.start_timeout,
    )
    .await
    {
        Ok(built) => (built, None),
        Err((built, error)) => (built, Some(error)),
    };
    context.set_components(built.components);
    let outcome = match failure {
        Some(error) => Err(error),
        None => report_health(&assembly).await,
    };
    stop::take_down(&assembly).await;
    outcome
}

async fn report_health(assembly: &Assembly) -> Result<u8> {
    let context = assembly.context();
    let resolver = context.resolver();
    let indicators = health::indicators(&assembly.indicators, &resolver)?;
    context.set_health(HealthRegistry::new(
        indicators,
        assembly.health.timeout,
        assembly.health.cache,
    ));
    let report = context.health_report().await;
    let mut text = String::new();
    for (name, component) in &report.components {
        let error = component
            .health
            .details
            .get("error")
            .and_then(|error| error.as_str());
        text += &format!(
            "  {name}: {:?}{}\n",
            component.health.status,
            error.map_or(String::new(), |error| format!(", {error}"))
        );
    }
    print(&text);
    Ok(if report.status == Status::Down { 69 } else { 0 })
}
