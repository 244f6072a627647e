//! What is configured, wired, active and scheduled: `/env`, `/components`, `/conditions`, `/tasks`, `/startup`.

use serde_json::{Value, json};

use super::{Call, Endpoint, Exposure, Reply};
use crate::config::print;
use crate::lifecycle::milliseconds;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new("/env", Exposure::Internal, env),
        Endpoint::new("/components", Exposure::Internal, components),
        Endpoint::new("/conditions", Exposure::Internal, conditions),
        Endpoint::new("/tasks", Exposure::Internal, tasks),
        Endpoint::new("/startup", Exposure::Internal, startup),
    ]
}

async fn env(call: Call) -> Reply {
    let effective = print::effective(&call.app.settings(), call.app.sections());
    Reply::json(
        200,
        &json!({ "profile": call.app.profile().as_str(), "properties": print::as_json(&effective) }),
    )
}

async fn components(call: Call) -> Reply {
    let components: Vec<Value> = call
        .app
        .components()
        .descriptions()
        .iter()
        .map(|shown| {
            let seen_as: Vec<Value> = shown
                .seen_as
                .iter()
                .map(|seen| {
                    json!({
                        "type": seen.key.type_name(),
                        "name": seen.key.name(),
                        // What `Inject` of that type and name gives.
                        "primary": seen.is_the_one,
                    })
                })
                .collect();
            json!({
                "type": shown.key.type_name(),
                "name": shown.key.name(),
                "location": shown.location.to_string(),
                "as": seen_as,
                "needs": shown.needs.iter().map(|key| key.to_string()).collect::<Vec<_>>(),
            })
        })
        .collect();
    Reply::json(200, &json!({ "components": components }))
}

async fn conditions(call: Call) -> Reply {
    let modules: Vec<Value> = call
        .app
        .conditions()
        .iter()
        .map(|condition| json!({ "module": condition.module, "active": condition.active, "reason": condition.reason }))
        .collect();
    Reply::json(200, &json!({ "modules": modules }))
}

async fn tasks(call: Call) -> Reply {
    let tasks: Vec<Value> = call
        .app
        .task_states()
        .all()
        .into_iter()
        .map(|(name, state)| {
            json!({
                "name": name,
                "trigger": state.trigger,
                "enabled": state.enabled,
                "running": state.running,
                "runs": state.runs,
                "failures": state.failures,
                "skipped": state.skipped,
                "last_run": state.last_run.map(|time| time.to_string()),
                "last_duration_ms": state.last_duration.map(milliseconds),
                "last_error": state.last_error,
                "next_run": state.next_run.map(|time| time.to_string()),
                "singleton": state.singleton.map(|singleton| json!({
                    "store": singleton.store,
                    "leads": singleton.leads,
                    "leader": singleton.leader,
                })),
            })
        })
        .collect();
    Reply::json(200, &json!({ "tasks": tasks }))
}

async fn startup(call: Call) -> Reply {
    let Some(startup) = call.app.startup() else {
        return Reply::json(200, &json!({ "phases": [], "components": [] }));
    };
    let ms = milliseconds;
    let phases: Vec<Value> = startup
        .phases
        .all()
        .iter()
        .map(|(phase, took)| json!({ "phase": phase, "duration_ms": ms(*took) }))
        .collect();
    let components: Vec<Value> = startup
        .components
        .iter()
        .map(|timing| {
            json!({
                "type": timing.key.type_name(),
                "name": timing.key.name(),
                "construction_ms": ms(timing.construction),
                "preparation_ms": ms(timing.preparation),
            })
        })
        .collect();
    Reply::json(
        200,
        &json!({ "total_ms": ms(startup.total), "phases": phases, "components": components }),
    )
}
