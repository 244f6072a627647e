//! What does not fit together, in words: who needs it, where it was written, and what to do.

use std::collections::HashMap;

use super::candidates::{Answer, Candidate, Candidates};
use super::graph::Node;
use super::{ComponentKey, DependencyKind, Wiring};
use crate::report::Problem;
use crate::source::Location;

/// Several factories for one component.
pub(super) fn duplicate(same: &[Node]) -> Problem {
    let mut problem = Problem::new(
        same[0].key.to_string(),
        format!("there are {} of this type", same.len()),
    );
    for node in same {
        problem = problem.note(format!("made at {}", node.location));
    }
    problem.note("help: give all but one a name: #[component(name = \"…\")]")
}

/// What is needed and is not there, or is there more than once: one problem for each key, with everybody who needs it.
pub(super) fn unanswered(
    nodes: &[Node],
    consumers: &[Wiring],
    candidates: &Candidates,
) -> Vec<Problem> {
    let mut open: HashMap<ComponentKey, Vec<(Location, String)>> = HashMap::new();
    let from_nodes = nodes.iter().map(|node| {
        let who = format!("the component {}", node.key);
        (who, node.location, &node.dependencies)
    });
    let from_consumers = consumers.iter().map(|consumer| {
        let who = consumer.consumer.clone();
        (who, consumer.location, &consumer.dependencies)
    });
    for (who, location, dependencies) in from_nodes.chain(from_consumers) {
        for dependency in dependencies {
            let is_answered = match (dependency.kind, candidates.one(&dependency.key)) {
                (DependencyKind::All, _) | (_, Answer::One(_)) => true,
                (kind, Answer::Nobody) => kind == DependencyKind::Optional,
                (_, Answer::Several(_)) => false,
            };
            if !is_answered {
                let needed_by = open.entry(dependency.key).or_default();
                needed_by.push((location, who.clone()));
            }
        }
    }
    open.into_iter()
        .map(|(key, mut needed_by)| {
            needed_by.sort();
            needed_by.dedup();
            match candidates.one(&key) {
                Answer::Several(same) => ambiguous(key, &needed_by, same, nodes),
                Answer::Nobody | Answer::One(_) => missing(key, &needed_by, candidates, nodes),
            }
        })
        .collect()
}

fn with_consumers(mut problem: Problem, needed_by: &[(Location, String)]) -> Problem {
    for (location, who) in needed_by {
        problem = problem.note(format!("needed by {who} ({location})"));
    }
    problem
}

fn ambiguous(
    key: ComponentKey,
    needed_by: &[(Location, String)],
    mut same: Vec<&Candidate>,
    nodes: &[Node],
) -> Problem {
    same.sort_by_key(|candidate| candidate.location);
    let mut problem = with_consumers(
        Problem::new(
            key.to_string(),
            format!("one is needed, and {} are there", same.len()),
        ),
        needed_by,
    );
    for candidate in same {
        let made = nodes[candidate.node].key;
        problem = problem.note(format!("{made} is made at {}", candidate.location));
    }
    problem.note(format!(
        "help: give all but one a name, #[component(name = \"…\", as = …)], and take it with #[named(\"…\")]; or take all of them: Vec<Inject<{}>>",
        key.short_name()
    ))
}

fn missing(
    key: ComponentKey,
    needed_by: &[(Location, String)],
    candidates: &Candidates,
    nodes: &[Node],
) -> Problem {
    let others = others(key, candidates);
    let message = if key.name().is_none() && !others.is_empty() {
        "there is none without a name"
    } else {
        "there is no such component"
    };
    let problem = with_consumers(Problem::new(key.to_string(), message), needed_by);
    if !others.is_empty() {
        let help = if key.name().is_some() {
            "help: there is"
        } else {
            "help: take one with #[named(\"…\")], or all of them with Vec<Inject<…>>: there is"
        };
        return problem.note(format!("{help} {}", others.join(", ")));
    }
    let short = key.short_name();
    let namesake = candidates
        .all()
        .find(|(other, _)| other.short_name() == short);
    problem.note(match namesake {
        Some((other, same)) => format!(
            "help: {} is needed, and {} is there (made at {}): same name, another type",
            key.type_name(),
            other.type_name(),
            same.first()
                .map_or(String::new(), |first| nodes[first.node].location.to_string()),
        ),
        None if short.starts_with("dyn ") => format!(
            "help: write #[component(as = {short})] on what implements it, or hand one in with AppBuilder::provide_as"
        ),
        None => format!(
            "help: put #[component] on a function that returns {short}, or hand one in with AppBuilder::provide"
        ),
    })
}

/// The components of the same type under another name, as `"eu" (made at src/mail.rs:7)`.
fn others(key: ComponentKey, candidates: &Candidates) -> Vec<String> {
    let mut others: Vec<(Option<&str>, Location)> = candidates
        .of_type(&key)
        .filter_map(|(other, same)| Some((other.name(), same.first()?.location)))
        .collect();
    others.sort();
    others
        .into_iter()
        .map(|(name, location)| match name {
            Some(name) => format!("\"{name}\" (made at {location})"),
            None => format!("one without a name (made at {location})"),
        })
        .collect()
}

/// Components that need each other in a ring.
pub(super) fn cycle(cycle: &[usize], nodes: &[Node]) -> Problem {
    let names: Vec<String> = cycle
        .iter()
        .chain(cycle.first())
        .map(|i| nodes[*i].key.to_string())
        .collect();
    let mut problem = Problem::new(
        names[0].clone(),
        format!("needs itself: {}", names.join(" → ")),
    );
    for i in cycle {
        problem = problem.note(format!(
            "{} is made at {}",
            nodes[*i].key, nodes[*i].location
        ));
    }
    problem.note("help: move what they share into a component of its own, which both take")
}
