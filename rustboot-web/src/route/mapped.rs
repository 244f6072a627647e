//! A route as it is served: what it says itself, and everything that it takes from where it stands.

use rustboot_core::report::Problem;

use super::{RouteDef, RouteSecurity, RouteSettings};

/// A route of the table.
#[derive(Debug, Clone)]
pub(crate) struct MappedRoute {
    pub(crate) def: RouteDef,
    /// The whole template.
    pub(crate) path: &'static str,
    pub(crate) tag: Option<&'static str>,
    pub(crate) settings: RouteSettings,
    pub(crate) security: RouteSecurity,
}

impl MappedRoute {
    pub(crate) fn new(def: RouteDef) -> Self {
        Self {
            path: def.path,
            tag: def.tag,
            settings: def.settings,
            security: def.security,
            def,
        }
    }

    /// `GET /items/{id}`.
    pub(crate) fn title(&self) -> String {
        format!("{} {}", self.def.method, self.path)
    }

    /// Something that is wrong with it, and where it was declared.
    pub(crate) fn problem(&self, message: impl Into<String>) -> Problem {
        Problem::new(self.title(), message).note(format!(
            "declared by `{}` ({})",
            self.def.handler_name(),
            self.def.location
        ))
    }

    /// What it says that cannot be meant.
    pub(crate) fn mistakes(&self) -> Vec<Problem> {
        let mut mistakes: Vec<Problem> = self
            .settings
            .mistakes()
            .into_iter()
            .map(|mistake| self.problem(mistake))
            .collect();
        let RouteSecurity {
            scheme,
            roles,
            permit_all,
        } = self.def.security;
        if permit_all && (scheme.is_some() || !roles.is_empty()) {
            mistakes.push(
                self.problem(
                    "it permits everybody, and demands roles or a security scheme as well",
                )
                .note("help: leave one of the two out"),
            );
        }
        mistakes
    }
}
