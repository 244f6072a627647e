//! A route as it is served: what it says itself, and everything that it takes from its groups.

use std::collections::HashSet;
use std::sync::{LazyLock, Mutex, PoisonError};

use axum::routing::MethodFilter;
use rustboot_core::report::Problem;

use super::table::parameter_names;
use super::{RouteDef, RouteGroup, RouteSecurity, RouteSettings};

/// A route of the table.
#[derive(Debug, Clone)]
pub(crate) struct MappedRoute {
    pub(crate) def: RouteDef,
    /// Its groups, from the inside to the outside.
    pub(crate) groups: Vec<&'static RouteGroup>,
    /// The whole template.
    pub(crate) path: &'static str,
    pub(crate) tag: Option<&'static str>,
    pub(crate) settings: RouteSettings,
    pub(crate) security: RouteSecurity,
}

impl MappedRoute {
    pub(crate) fn new(def: RouteDef, groups: Vec<&'static RouteGroup>) -> Self {
        let (mut tag, mut settings, mut security) = (def.tag, def.settings, def.security);
        for group in &groups {
            tag = tag.or(group.tag);
            settings = settings.or(&group.settings);
            security = security.within(&group.security);
        }
        Self {
            path: path(&groups, def.path),
            tag,
            settings,
            security,
            groups,
            def,
        }
    }

    /// The group whose in-flight limit it shares, when it has none of its own.
    pub(crate) fn bulkhead(&self) -> Option<&'static RouteGroup> {
        if self.def.settings.max_in_flight.is_some() {
            return None;
        }
        let limited = |group: &&&'static RouteGroup| group.settings.max_in_flight.is_some();
        self.groups.iter().find(limited).copied()
    }

    /// Whether there are layers around it.
    pub(crate) fn has_layers(&self) -> bool {
        self.def.layers.is_some() || self.groups.iter().any(|group| group.layers.is_some())
    }

    /// `GET /items/{id}`.
    pub(crate) fn title(&self) -> String {
        format!("{} {}", self.def.method, self.path)
    }

    /// Something that is wrong with it, and where it was declared.
    pub(crate) fn problem(&self, message: impl Into<String>) -> Problem {
        let mut problem = Problem::new(self.title(), message).note(format!(
            "declared by `{}` ({})",
            self.def.handler_name(),
            self.def.location
        ));
        for group in &self.groups {
            problem = problem.note(format!(
                "in the group `{}` ({})",
                group.name, group.location
            ));
        }
        problem
    }

    /// Whether it would have to go through a router of axum, which does not know its method.
    fn is_beyond_axum(&self) -> bool {
        MethodFilter::try_from(self.def.method.clone()).is_err()
            && (self.has_layers() || (self.def.handler)().kind.needs_axum_router())
    }

    /// What it says that cannot be meant.
    pub(crate) fn mistakes(&self) -> Vec<Problem> {
        let mut mistakes: Vec<Problem> = self
            .def
            .settings
            .mistakes()
            .into_iter()
            .map(|mistake| self.problem(mistake))
            .collect();
        if self.def.security.contradicts_itself() {
            mistakes.push(
                self.problem(RouteSecurity::CONTRADICTION)
                    .note("help: leave one of the two out"),
            );
        }
        if !self.def.path.starts_with('/') {
            mistakes.push(self.problem(format!(
                "the path {:?} has to begin with a slash",
                self.def.path
            )));
        }
        if self.is_beyond_axum() {
            mistakes.push(self.problem(
                "layers, and what only axum's own router can extract, go with the methods that axum knows",
            ));
        }
        let names = parameter_names(self.path);
        for (i, name) in names.iter().enumerate() {
            if names[..i].contains(name) {
                mistakes.push(self.problem(format!(
                    "the parameter {{{name}}} is there twice: give each its own name"
                )));
            }
        }
        mistakes
    }
}

/// The path behind the prefixes of its groups.
fn path(groups: &[&'static RouteGroup], path: &'static str) -> &'static str {
    if groups.iter().all(|group| group.prefix.is_empty()) {
        return path;
    }
    let mut whole: String = groups.iter().rev().map(|group| group.prefix).collect();
    if path != "/" {
        whole += path;
    }
    interned(whole)
}

/// The text for as long as the process lives. There is one for each route that the source has, however often an application is
/// started in the process; the names of parameters are pieces of it, so that a request copies none.
fn interned(text: String) -> &'static str {
    static KNOWN: LazyLock<Mutex<HashSet<&'static str>>> = LazyLock::new(Default::default);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    match known.get(text.as_str()) {
        Some(text) => text,
        None => {
            let text: &'static str = Box::leak(text.into_boxed_str());
            known.insert(text);
            text
        }
    }
}
