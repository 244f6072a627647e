//! Who answers which key: the component of that key itself, and those that can be seen as that trait.

use std::any::TypeId;
use std::collections::BTreeMap;

use super::graph::{Node, Strength};
use super::{AliasDef, ComponentKey, Dependency, DependencyKind, Instance};
use crate::source::Location;

/// The component as a trait object.
pub(crate) type Cast = fn(&Instance) -> Option<Instance>;

/// One that answers a key.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate {
    /// Its position among the nodes.
    pub(super) node: usize,
    pub(super) strength: Strength,
    /// Where it says that it answers.
    pub(super) location: Location,
    /// How to see it as what the key says; `None` when it is that.
    pub(super) cast: Option<Cast>,
}

/// The answer to a key.
#[derive(Debug)]
pub(super) enum Answer<'a> {
    Nobody,
    One(&'a Candidate),
    Several(Vec<&'a Candidate>),
}

/// All answers.
#[derive(Debug, Default)]
pub(super) struct Candidates(BTreeMap<TypeId, Vec<(ComponentKey, Vec<Candidate>)>>);

impl Candidates {
    pub(super) fn of(nodes: &[Node], aliases: &[AliasDef]) -> Self {
        let mut candidates = Self::default();
        for (index, node) in nodes.iter().enumerate() {
            candidates.add(
                node.key,
                Candidate {
                    node: index,
                    strength: node.strength,
                    location: node.location,
                    cast: None,
                },
            );
        }
        for alias in aliases {
            let component = (alias.component)();
            // An alias of a component that is not part of this application stands for nothing.
            let Some(index) = nodes.iter().position(|node| node.key == component) else {
                continue;
            };
            candidates.add(
                (alias.key)(),
                Candidate {
                    node: index,
                    strength: Strength::Declared,
                    location: nodes[index].location,
                    cast: Some(alias.cast),
                },
            );
        }
        candidates
    }

    fn add(&mut self, key: ComponentKey, candidate: Candidate) {
        let of_type = self.0.entry(key.type_id()).or_default();
        match of_type.iter_mut().find(|(known, _)| *known == key) {
            Some((_, same)) => {
                // Two factories for one component are a problem of their own, and one candidate.
                if same.iter().all(|known| known.node != candidate.node) {
                    same.push(candidate);
                }
            }
            None => of_type.push((key, vec![candidate])),
        }
    }

    /// Who answers when one is asked for: the strongest.
    pub(super) fn one(&self, key: &ComponentKey) -> Answer<'_> {
        let same = self.named(key).map_or(&[][..], Vec::as_slice);
        let Some(best) = same.iter().map(|candidate| candidate.strength).max() else {
            return Answer::Nobody;
        };
        let mut best: Vec<&Candidate> = same.iter().filter(|c| c.strength == best).collect();
        match (best.pop(), best.is_empty()) {
            (Some(only), true) => Answer::One(only),
            (Some(last), false) => {
                best.push(last);
                Answer::Several(best)
            }
            (None, _) => Answer::Nobody,
        }
    }

    /// The node that a dependency on one leads to.
    pub(super) fn node(&self, key: &ComponentKey) -> Option<usize> {
        match self.one(key) {
            Answer::One(candidate) => Some(candidate.node),
            Answer::Nobody | Answer::Several(_) => None,
        }
    }

    /// All nodes that a dependency leads to.
    pub(super) fn nodes(&self, dependency: &Dependency) -> Vec<usize> {
        match dependency.kind {
            DependencyKind::All => self
                .of_type(&dependency.key)
                .flat_map(|(_, same)| same)
                .map(|candidate| candidate.node)
                .collect(),
            DependencyKind::Required | DependencyKind::Optional => {
                self.node(&dependency.key).into_iter().collect()
            }
        }
    }

    /// Every key of the same type or trait, whatever its name.
    pub(super) fn of_type(
        &self,
        key: &ComponentKey,
    ) -> impl Iterator<Item = &(ComponentKey, Vec<Candidate>)> {
        self.0.get(&key.type_id()).into_iter().flatten()
    }

    /// Every key.
    pub(super) fn all(&self) -> impl Iterator<Item = &(ComponentKey, Vec<Candidate>)> {
        self.0.values().flatten()
    }

    fn named(&self, key: &ComponentKey) -> Option<&Vec<Candidate>> {
        self.of_type(key)
            .find(|(known, _)| known == key)
            .map(|(_, same)| same)
    }
}
