//! The start sequence, from checked definitions to ready.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::hook::in_order;
use super::{HookPhase, Phase, ServerRole, stop};
use crate::app::{Assembly, RunningApp, Startup};
use crate::component::{Resolver, build};
use crate::config::reload;
use crate::error::{Error, ErrorKind, Result};
use crate::health::{self, HealthRegistry};
use crate::schedule;

/// How long each phase of the start took.
#[derive(Debug, Clone, Default)]
pub(crate) struct Phases(Vec<(&'static str, Duration)>);

impl Phases {
    pub(crate) fn record(&mut self, phase: &'static str, took: Duration) {
        match self.0.iter_mut().find(|(known, _)| *known == phase) {
            Some((_, so_far)) => *so_far += took,
            None => self.0.push((phase, took)),
        }
    }

    pub(crate) fn all(&self) -> &[(&'static str, Duration)] {
        &self.0
    }

    fn text(&self) -> String {
        let parts: Vec<String> = self
            .0
            .iter()
            .map(|(phase, took)| format!("{phase} {:.1} ms", took.as_secs_f64() * 1e3))
            .collect();
        parts.join(", ")
    }
}

/// Starts the application. On a failure, what was already up is taken down again.
pub(crate) async fn start(mut assembly: Assembly) -> Result<RunningApp> {
    let stop = Arc::clone(assembly.context.stop_request());
    let outcome = tokio::select! {
        outcome = bring_up(&mut assembly) => outcome,
        reason = stop.requested() => Err(Error::internal(format!("stopped while starting: {reason:?}"))),
    };
    match outcome {
        Ok(addresses) => Ok(RunningApp::new(assembly, addresses)),
        Err(error) => {
            stop::take_down(&assembly).await;
            Err(error)
        }
    }
}

async fn bring_up(assembly: &mut Assembly) -> Result<Vec<String>> {
    let context = assembly.context.clone();

    // Components, and before anybody uses one, what prepares it: migrations.
    let at = Instant::now();
    let limit = assembly.lifecycle.start_timeout;
    let (built, failure) =
        match build::build(&context, &assembly.plan, &assembly.preparations, limit).await {
            Ok(built) => (built, None),
            Err((built, error)) => (built, Some(error)),
        };
    let migrations: Duration = built.timings.iter().map(|timing| timing.preparation).sum();
    assembly
        .phases
        .record("components", at.elapsed().saturating_sub(migrations));
    assembly.phases.record("migrations", migrations);
    context.set_components(built.components);
    let components = built.timings;
    if let Some(error) = failure {
        return Err(error);
    }

    let at = Instant::now();
    let resolver = context.resolver();
    let indicators = health::indicators(&assembly.indicators, &resolver)?;
    context.set_health(HealthRegistry::new(
        indicators,
        assembly.health.timeout,
        assembly.health.cache,
    ));
    assembly.phases.record("health", at.elapsed());

    let at = Instant::now();
    run_start_hooks(assembly, &resolver).await?;
    assembly.phases.record("on_start", at.elapsed());

    // Management first: whoever watches the start can then see it end.
    let at = Instant::now();
    let mut addresses = Vec::new();
    for role in [ServerRole::Management, ServerRole::Traffic] {
        for server in assembly
            .servers
            .iter()
            .filter(|server| server.role() == role)
        {
            let bound = server.bind(&context).await?;
            addresses.extend(bound.into_iter().map(|address| match role {
                ServerRole::Traffic => address,
                ServerRole::Management => format!("{address} (management)"),
            }));
        }
    }
    addresses.sort_by_key(|address| address.ends_with("(management)"));
    assembly.phases.record("bind", at.elapsed());

    if assembly.watch {
        reload::watch(&context);
    }
    for task in &assembly.background {
        super::background::run(&context, *task)?;
    }
    for task in &assembly.tasks {
        schedule::run(&context, task)?;
    }
    context.set_startup(Startup {
        phases: assembly.phases.clone(),
        components,
        total: context.uptime(),
    });
    context.availability().set(Phase::Ready);
    announce(assembly, &addresses);
    #[cfg(all(feature = "systemd", unix))]
    super::systemd::ready(&context, &addresses);
    Ok(addresses)
}

async fn run_start_hooks(assembly: &Assembly, resolver: &Resolver<'_>) -> Result<()> {
    for hook in in_order(
        &assembly.hooks,
        HookPhase::Start,
        assembly.context.components(),
    ) {
        let limit = assembly.lifecycle.start_timeout;
        let named = |error: Error| {
            error.context(format!("#[on_start] `{}` ({})", hook.name, hook.location))
        };
        let call = (hook.call)(resolver).map_err(named)?;
        match tokio::time::timeout(limit, super::tasks::caught(call)).await {
            Ok(result) => result.map_err(named)?,
            Err(_) => {
                return Err(named(Error::new(
                    ErrorKind::Timeout,
                    format!("it took longer than lifecycle.start_timeout ({limit:?})"),
                )));
            }
        }
    }
    Ok(())
}

fn announce(assembly: &Assembly, addresses: &[String]) {
    let context = &assembly.context;
    let info = context.info();
    let took = context.uptime();
    let address = if addresses.is_empty() {
        String::new()
    } else {
        format!(" on {}", addresses.join(", "))
    };
    tracing::info!(
        target: "rustboot",
        profile = context.profile().as_str(),
        took_ms = super::milliseconds(took),
        phases = assembly.phases.text(),
        "{} {} is ready{address}",
        info.name,
        info.version,
    );
}
