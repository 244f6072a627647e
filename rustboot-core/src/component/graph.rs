//! The graph of components: checked as a whole, before anything is opened, and put in order.
//!
//! Pure functions over definitions; nothing here runs user code.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;

use super::candidates::{Candidates, Cast};
use super::order::topological;
use super::{
    AliasDef, BoxFuture, ComponentDef, ComponentKey, Dependency, DependencyKind, Instance,
    Resolver, Wiring, faults,
};
use crate::error::Result;
use crate::report::Problem;
use crate::source::Location;

/// A factory that may carry data with it.
pub(crate) type Factory =
    Arc<dyn Fn(&Resolver<'_>) -> Result<BoxFuture<'static, Result<Instance>>> + Send + Sync>;

/// Who declared a component; the stronger declaration replaces the weaker, two equally strong ones are a mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Strength {
    /// By a module: there unless somebody brings their own, and built only when somebody needs it.
    Fallback,
    /// By `#[component]`.
    Declared,
    /// By hand: `AppBuilder::provide`.
    Provided,
    /// By hand in a test: `AppBuilder::overriding`.
    Override,
}

/// A component on its way into the graph.
#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) key: ComponentKey,
    pub(crate) location: Location,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) strength: Strength,
    /// Built even when nobody asks for it, although it is only a fallback.
    pub(crate) eager: bool,
    /// Why it cannot be built: a problem of the configuration, as soon as somebody needs it.
    pub(crate) unavailable: Option<Problem>,
    pub(crate) factory: Factory,
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node")
            .field("key", &self.key)
            .field("location", &self.location)
            .field("strength", &self.strength)
            .finish_non_exhaustive()
    }
}

impl From<&ComponentDef> for Node {
    fn from(def: &ComponentDef) -> Self {
        Self {
            key: (def.key)(),
            location: def.location,
            dependencies: (def.dependencies)(),
            strength: Strength::Declared,
            eager: true,
            unavailable: None,
            factory: Arc::new(def.build),
        }
    }
}

/// A key that a component answers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answered {
    pub(crate) key: ComponentKey,
    /// Whether it is the one that whoever asks for a single one gets.
    pub(crate) is_the_one: bool,
    /// How to see it as what the key says; `None` when it is that.
    pub(crate) cast: Option<Cast>,
}

/// The components to build, each after what it needs.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) nodes: Vec<Node>,
    /// For each node, the positions of what it needs.
    pub(crate) needs: Vec<Vec<usize>>,
    /// For each node, the keys under which it is found.
    pub(crate) answers: Vec<Vec<Answered>>,
}

impl Plan {
    /// The part of the plan that those components need.
    pub(crate) fn only(&self, keys: &[ComponentKey]) -> Self {
        let mut wanted = BTreeSet::new();
        let mut open: Vec<usize> = (0..self.nodes.len())
            .filter(|index| keys.contains(&self.nodes[*index].key))
            .collect();
        while let Some(index) = open.pop() {
            if wanted.insert(index) {
                open.extend(&self.needs[index]);
            }
        }
        let wanted: Vec<usize> = wanted.into_iter().collect();
        self.part(&wanted)
    }

    /// Those nodes, in that order. What they need outside of it is left out.
    fn part(&self, wanted: &[usize]) -> Self {
        let position: HashMap<usize, usize> = wanted
            .iter()
            .enumerate()
            .map(|(new, old)| (*old, new))
            .collect();
        let needs = |old: &usize| {
            let needs = self.needs[*old].iter();
            needs
                .filter_map(|need| position.get(need).copied())
                .collect()
        };
        Self {
            nodes: wanted.iter().map(|i| self.nodes[*i].clone()).collect(),
            needs: wanted.iter().map(needs).collect(),
            answers: wanted.iter().map(|i| self.answers[*i].clone()).collect(),
        }
    }
}

/// Checks everything and fixes the order. On problems, all of them.
pub(crate) fn plan(
    nodes: Vec<Node>,
    aliases: &[AliasDef],
    consumers: &[Wiring],
) -> std::result::Result<Plan, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut nodes = strongest(nodes, aliases, &mut problems);
    // Whatever order the linker gave, this is the one that counts.
    nodes.sort_by_key(sort_key);
    let candidates = Candidates::of(&nodes, aliases);
    problems.extend(faults::unanswered(&nodes, consumers, &candidates));

    let needs: Vec<Vec<usize>> = (0..nodes.len())
        .map(|index| needs(index, &nodes, &candidates))
        .collect();
    let order = match topological(&needs) {
        Ok(order) => order,
        Err(cycles) => {
            problems.extend(cycles.iter().map(|cycle| faults::cycle(cycle, &nodes)));
            return Err(problems);
        }
    };
    if !problems.is_empty() {
        return Err(problems);
    }

    let needed = needed(&nodes, consumers, &candidates);
    let order: Vec<usize> = order.into_iter().filter(|i| needed.contains(i)).collect();
    let all = Plan {
        answers: answers(nodes.len(), &candidates),
        nodes,
        needs,
    };
    Ok(all.part(&order))
}

fn sort_key(node: &Node) -> (String, &'static str, Option<&'static str>) {
    (node.key.short_name(), node.key.type_name(), node.key.name())
}

/// One node a key: the strongest. Several of the same strength are a problem.
fn strongest(nodes: Vec<Node>, aliases: &[AliasDef], problems: &mut Vec<Problem>) -> Vec<Node> {
    let mut by_key: HashMap<ComponentKey, Vec<Node>> = HashMap::new();
    for node in nodes {
        by_key.entry(node.key).or_default().push(node);
    }
    // A module's fallback for a trait gives way to a component that can be seen as that trait.
    let seen_as: Vec<ComponentKey> = aliases
        .iter()
        .filter(|alias| by_key.contains_key(&(alias.component)()))
        .map(|alias| (alias.key)())
        .collect();
    by_key
        .into_values()
        .filter_map(|mut same| {
            let best = same.iter().map(|node| node.strength).max()?;
            same.retain(|node| node.strength == best);
            if best == Strength::Fallback && seen_as.contains(&same[0].key) {
                return None;
            }
            same.sort_by_key(|node| node.location);
            if same.len() > 1 {
                problems.push(faults::duplicate(&same));
            }
            same.into_iter().next()
        })
        .collect()
}

/// What has to be built before a node.
fn needs(index: usize, nodes: &[Node], candidates: &Candidates) -> Vec<usize> {
    let mut needs: Vec<usize> = Vec::new();
    for dependency in &nodes[index].dependencies {
        let mut leads_to = candidates.nodes(dependency);
        if dependency.kind == DependencyKind::All {
            // One that joins all the others into one of the same trait does not wait for itself.
            leads_to.retain(|need| *need != index);
        }
        needs.append(&mut leads_to);
    }
    needs.sort_unstable();
    needs.dedup();
    needs
}

/// What has to be built: everything the user declared, what is needed by it, and what handlers, hooks and tasks need. Who
/// asks for all of a type takes those that are there, and is no reason to build a fallback.
fn needed(nodes: &[Node], consumers: &[Wiring], candidates: &Candidates) -> BTreeSet<usize> {
    let pulled = |dependencies: &[Dependency]| -> Vec<usize> {
        dependencies
            .iter()
            .filter(|dependency| dependency.kind != DependencyKind::All)
            .filter_map(|dependency| candidates.node(&dependency.key))
            .collect()
    };
    let mut open: Vec<usize> = (0..nodes.len()).filter(|i| nodes[*i].eager).collect();
    for consumer in consumers {
        open.extend(pulled(&consumer.dependencies));
    }
    let mut needed = BTreeSet::new();
    while let Some(i) = open.pop() {
        if needed.insert(i) {
            open.extend(pulled(&nodes[i].dependencies));
        }
    }
    needed
}

/// The keys that each node answers.
fn answers(nodes: usize, candidates: &Candidates) -> Vec<Vec<Answered>> {
    let mut answers = vec![Vec::new(); nodes];
    for (key, same) in candidates.all() {
        let the_one = candidates.node(key);
        for candidate in same {
            answers[candidate.node].push(Answered {
                key: *key,
                is_the_one: the_one == Some(candidate.node),
                cast: candidate.cast,
            });
        }
    }
    answers
}
