//! The stop sequence.

use std::time::Duration;

use tokio::time::Instant;

use super::hook::in_order;
use super::{HookPhase, Phase, ServerRole, StopReason};
use crate::app::Assembly;

/// What a step after the drain may take. With the defaults, all of it fits into a grace period that is a little longer than
/// drain delay and shutdown timeout together.
const STEP_LIMIT: Duration = Duration::from_secs(10);

/// What was lost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Losses {
    pub(crate) requests: usize,
    pub(crate) tasks: usize,
    pub(crate) hooks: usize,
}

impl Losses {
    pub(crate) fn none(&self) -> bool {
        *self == Self::default()
    }
}

/// Stops a running application, step by step.
pub(crate) async fn stop(assembly: &Assembly, reason: &StopReason) -> Losses {
    let context = &assembly.context;
    let config = &assembly.lifecycle;
    let begin = Instant::now();
    tracing::info!(target: "rustboot", ?reason, "stopping");
    #[cfg(all(feature = "systemd", unix))]
    super::systemd::stopping(context);

    // 1. No new work should be sent here; what comes is still served.
    context.availability().set(Phase::Draining);
    for server in &assembly.servers {
        if server.role() == ServerRole::Traffic {
            server.prepare_to_drain();
        }
    }

    // 2. Time for load balancers to notice. Somebody at a keyboard does not want to wait for that.
    let delay = match reason {
        StopReason::Interrupt => Duration::ZERO,
        _ => config.drain_delay,
    };
    if !delay.is_zero() {
        let step = Instant::now();
        tokio::time::sleep(delay).await;
        log_step("drain delay", step, 0);
    }

    // 3. and 4. The listeners close; long-lived handlers are asked to end; what is in flight has until the deadline.
    let step = Instant::now();
    context.shutdown().request();
    let deadline = Instant::now() + config.shutdown_timeout;
    let mut losses = Losses {
        requests: drain(assembly, ServerRole::Traffic, deadline).await,
        ..Losses::default()
    };
    log_step("requests", step, losses.requests);

    losses.tasks = stop_tasks(assembly).await;
    losses.hooks = run_hooks(assembly, HookPhase::Stop).await;
    losses.hooks += run_hooks(assembly, HookPhase::Close).await;
    drain(
        assembly,
        ServerRole::Management,
        Instant::now() + Duration::from_secs(1),
    )
    .await;
    tracing::info!(
        target: "rustboot",
        aborted_requests = losses.requests,
        aborted_tasks = losses.tasks,
        failed_hooks = losses.hooks,
        took_ms = super::milliseconds(begin.elapsed()),
        "stopped"
    );
    // Last, so that it carries everything above. What fails in it can no longer be told.
    run_hooks(assembly, HookPhase::Flush).await;
    losses
}

/// Takes down what a failed start left behind. There were no requests that anybody could miss.
pub(crate) async fn take_down(assembly: &Assembly) {
    let context = &assembly.context;
    context.availability().set(Phase::Draining);
    context.shutdown().request();
    let soon = Instant::now() + Duration::from_secs(1);
    drain(assembly, ServerRole::Traffic, soon).await;
    stop_tasks(assembly).await;
    // Stop hooks belong to a start that got as far as the start hooks; they may count on what those did.
    run_hooks(assembly, HookPhase::Close).await;
    drain(
        assembly,
        ServerRole::Management,
        Instant::now() + Duration::from_secs(1),
    )
    .await;
    run_hooks(assembly, HookPhase::Flush).await;
}

async fn drain(assembly: &Assembly, role: ServerRole, deadline: Instant) -> usize {
    let servers = assembly
        .servers
        .iter()
        .filter(|server| server.role() == role);
    let drained =
        futures_util::future::join_all(servers.map(|server| server.drain(deadline))).await;
    drained.iter().map(|drained| drained.aborted).sum()
}

async fn stop_tasks(assembly: &Assembly) -> usize {
    let step = Instant::now();
    let aborted = assembly
        .context
        .tasks()
        .stop(Instant::now() + STEP_LIMIT)
        .await;
    log_step("tasks", step, aborted);
    aborted
}

/// Runs every hook of a phase, whatever the others do. Returns how many failed.
async fn run_hooks(assembly: &Assembly, phase: HookPhase) -> usize {
    let context = &assembly.context;
    let resolver = context.resolver();
    let mut failed = 0;
    let deadline = Instant::now() + STEP_LIMIT;
    let step = Instant::now();
    let hooks = in_order(&assembly.hooks, phase, context.components());
    let any = !hooks.is_empty();
    for hook in hooks {
        // A hook whose components were never built has nothing to do.
        let Ok(call) = (hook.call)(&resolver) else {
            continue;
        };
        let error = match tokio::time::timeout_at(deadline, super::tasks::caught(call)).await {
            Ok(Ok(())) => continue,
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("it was cut off: all of them together have {STEP_LIMIT:?}"),
        };
        failed += 1;
        tracing::error!(hook = hook.name, location = %hook.location, error, "a hook failed while stopping");
    }
    if any && phase != HookPhase::Flush {
        log_step(
            if phase == HookPhase::Stop {
                "on_stop"
            } else {
                "close"
            },
            step,
            failed,
        );
    }
    failed
}

fn log_step(step: &str, since: Instant, lost: usize) {
    let took_ms = super::milliseconds(since.elapsed());
    if lost == 0 {
        tracing::info!(target: "rustboot", step, took_ms, "stop: {step} done");
    } else {
        tracing::warn!(target: "rustboot", step, took_ms, lost, "stop: {step} done, {lost} lost");
    }
}
