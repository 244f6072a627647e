//! The graph of components: checked as a whole, before anything is opened, and put in order.
//!
//! Pure functions over definitions; nothing here runs user code.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;

use super::{BoxFuture, ComponentDef, ComponentKey, Dependency, Instance, Resolver, Wiring};
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

/// The components to build, each after what it needs.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) nodes: Vec<Node>,
    /// For each node, the positions of what it needs.
    pub(crate) needs: Vec<Vec<usize>>,
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
        let position: HashMap<usize, usize> = wanted
            .iter()
            .enumerate()
            .map(|(new, old)| (*old, new))
            .collect();
        Self {
            nodes: wanted
                .iter()
                .map(|index| self.nodes[*index].clone())
                .collect(),
            needs: wanted
                .iter()
                .map(|index| {
                    self.needs[*index]
                        .iter()
                        .map(|need| position[need])
                        .collect()
                })
                .collect(),
        }
    }
}

/// Checks everything and fixes the order. On problems, all of them.
pub(crate) fn plan(
    nodes: Vec<Node>,
    consumers: &[Wiring],
) -> std::result::Result<Plan, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut nodes = strongest(nodes, &mut problems);
    // Whatever order the linker gave, this is the one that counts.
    nodes.sort_by_key(sort_key);
    let index: HashMap<ComponentKey, usize> = nodes
        .iter()
        .enumerate()
        .map(|(i, node)| (node.key, i))
        .collect();

    report_missing(&nodes, consumers, &index, &mut problems);

    let edges: Vec<Vec<usize>> = nodes
        .iter()
        .map(|node| {
            let mut needs: Vec<usize> = node
                .dependencies
                .iter()
                .filter_map(|dependency| index.get(&dependency.key).copied())
                .collect();
            needs.sort_unstable();
            needs.dedup();
            needs
        })
        .collect();

    let order = match topological(&edges) {
        Ok(order) => order,
        Err(cycles) => {
            problems.extend(cycles.iter().map(|cycle| describe_cycle(cycle, &nodes)));
            return Err(problems);
        }
    };
    if !problems.is_empty() {
        return Err(problems);
    }

    let needed = needed(&nodes, consumers, &index, &edges);
    let order: Vec<usize> = order.into_iter().filter(|i| needed.contains(i)).collect();
    let position: HashMap<usize, usize> = order
        .iter()
        .enumerate()
        .map(|(new, old)| (*old, new))
        .collect();
    Ok(Plan {
        needs: order
            .iter()
            .map(|i| edges[*i].iter().map(|need| position[need]).collect())
            .collect(),
        nodes: order.iter().map(|i| nodes[*i].clone()).collect(),
    })
}

fn sort_key(node: &Node) -> (String, &'static str, Option<&'static str>) {
    (node.key.short_name(), node.key.type_name(), node.key.name())
}

/// One node a key: the strongest. Several of the same strength are a problem.
fn strongest(nodes: Vec<Node>, problems: &mut Vec<Problem>) -> Vec<Node> {
    let mut by_key: HashMap<ComponentKey, Vec<Node>> = HashMap::new();
    for node in nodes {
        by_key.entry(node.key).or_default().push(node);
    }
    by_key
        .into_values()
        .filter_map(|mut same| {
            let best = same.iter().map(|node| node.strength).max()?;
            same.retain(|node| node.strength == best);
            same.sort_by_key(|node| node.location);
            if same.len() > 1 {
                let mut problem = Problem::new(
                    same[0].key.to_string(),
                    format!("there are {} of this type", same.len()),
                );
                for node in &same {
                    problem = problem.note(format!("made at {}", node.location));
                }
                problems.push(
                    problem.note("help: give all but one a name: #[component(name = \"…\")]"),
                );
            }
            same.into_iter().next()
        })
        .collect()
}

fn report_missing(
    nodes: &[Node],
    consumers: &[Wiring],
    index: &HashMap<ComponentKey, usize>,
    problems: &mut Vec<Problem>,
) {
    let mut missing: HashMap<ComponentKey, Vec<(Location, String)>> = HashMap::new();
    let from_nodes = nodes.iter().map(|node| {
        (
            format!("the component {}", node.key),
            node.location,
            &node.dependencies,
        )
    });
    let from_consumers = consumers.iter().map(|consumer| {
        (
            consumer.consumer.clone(),
            consumer.location,
            &consumer.dependencies,
        )
    });
    for (who, location, dependencies) in from_nodes.chain(from_consumers) {
        for dependency in dependencies {
            if dependency.required && !index.contains_key(&dependency.key) {
                missing
                    .entry(dependency.key)
                    .or_default()
                    .push((location, who.clone()));
            }
        }
    }
    for (key, mut needed_by) in missing {
        needed_by.sort();
        needed_by.dedup();
        let mut problem = Problem::new(key.to_string(), "there is no such component");
        for (location, who) in &needed_by {
            problem = problem.note(format!("needed by {who} ({location})"));
        }
        let namesake = nodes
            .iter()
            .find(|node| node.key.short_name() == key.short_name() && node.key != key);
        problem = match namesake {
            Some(node) if node.key.type_id() == key.type_id() => problem.note(format!(
                "help: there is {} (made at {})",
                node.key, node.location
            )),
            Some(node) => problem.note(format!(
                "help: {} is needed, and {} is there (made at {}): same name, another type",
                key.type_name(),
                node.key.type_name(),
                node.location
            )),
            None => problem.note(format!(
                "help: put #[component] on a function that returns {0}, or hand one in with AppBuilder::provide",
                key.short_name()
            )),
        };
        problems.push(problem);
    }
}

/// What has to be built: everything the user declared, what is needed by it, and what handlers, hooks and tasks need.
fn needed(
    nodes: &[Node],
    consumers: &[Wiring],
    index: &HashMap<ComponentKey, usize>,
    edges: &[Vec<usize>],
) -> BTreeSet<usize> {
    let mut open: Vec<usize> = (0..nodes.len()).filter(|i| nodes[*i].eager).collect();
    open.extend(
        consumers
            .iter()
            .flat_map(|consumer| &consumer.dependencies)
            .filter_map(|dependency| index.get(&dependency.key).copied()),
    );
    let mut needed = BTreeSet::new();
    while let Some(i) = open.pop() {
        if needed.insert(i) {
            open.extend(&edges[i]);
        }
    }
    needed
}

/// Kahn's algorithm with the smallest index first, so that the order is the same each time. Otherwise the cycles.
fn topological(edges: &[Vec<usize>]) -> std::result::Result<Vec<usize>, Vec<Vec<usize>>> {
    let mut waiting: Vec<usize> = edges.iter().map(Vec::len).collect();
    let mut dependents = vec![Vec::new(); edges.len()];
    for (i, needs) in edges.iter().enumerate() {
        for need in needs {
            dependents[*need].push(i);
        }
    }
    let mut ready: BTreeSet<usize> = (0..edges.len()).filter(|i| waiting[*i] == 0).collect();
    let mut order = Vec::with_capacity(edges.len());
    while let Some(i) = ready.pop_first() {
        order.push(i);
        for dependent in &dependents[i] {
            waiting[*dependent] -= 1;
            if waiting[*dependent] == 0 {
                ready.insert(*dependent);
            }
        }
    }
    if order.len() == edges.len() {
        return Ok(order);
    }
    let placed: BTreeSet<usize> = order.into_iter().collect();
    Err(cycles(edges, &placed))
}

/// One cycle for each group of nodes that could not be placed: follow what is needed until a node comes twice.
fn cycles(edges: &[Vec<usize>], placed: &BTreeSet<usize>) -> Vec<Vec<usize>> {
    let mut seen = placed.clone();
    let mut cycles = Vec::new();
    for start in 0..edges.len() {
        let mut path: Vec<usize> = Vec::new();
        let mut at = start;
        while !seen.contains(&at) {
            if let Some(first) = path.iter().position(|i| *i == at) {
                cycles.push(path[first..].to_vec());
                break;
            }
            path.push(at);
            match edges[at].iter().find(|need| !placed.contains(need)) {
                Some(next) => at = *next,
                None => break,
            }
        }
        seen.extend(path);
    }
    cycles
}

fn describe_cycle(cycle: &[usize], nodes: &[Node]) -> Problem {
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
