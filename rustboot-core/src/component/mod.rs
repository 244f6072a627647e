//! Components: the parts of an application, one instance of each, wired by their types.
//!
//! A component is made by an async factory whose parameters are its dependencies ([`ComponentDef`]; `#[component]` writes
//! one). `graph` checks all of them together before anything is opened and fixes the order: `candidates` knows who answers
//! which key, trait objects included, and `faults` words what does not fit. `build` runs the factories, those that do not
//! need each other at the same time. Afterwards nothing is added or taken away: reading a component is a
//! look-up without a lock.
//!
//! What it will not do: request-scoped values (those are extractors), lookup by string, components made on first use.

pub(crate) mod build;
mod by_name;
mod candidates;
mod def;
mod faults;
pub(crate) mod graph;
mod inject;
mod order;
mod registry;
#[cfg(test)]
mod tests;

pub use by_name::{ByName, ComponentName, Injected, TakenByName};
pub use def::{
    AliasDef, BoxFuture, BuildFn, ComponentDef, ComponentKey, Dependency, DependencyKind, Outcome,
    Wiring,
};
pub use inject::{Inject, Injectable};
pub(crate) use registry::TypeIdMap;
pub use registry::{Components, Instance, Resolver};
