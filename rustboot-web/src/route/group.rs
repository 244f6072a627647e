//! Routes that have something in common.

use std::collections::{HashMap, HashSet};
use std::ptr;

use rustboot_core::report::Problem;
use rustboot_core::source::Location;

use super::{RouteDef, RouteLayer, RouteSecurity, RouteSettings};

/// What a number of routes have in common: the beginning of their paths, a tag, limits, who may call, layers. What a route
/// says itself wins.
///
/// `#[routes]` and `route_group!` write one for a module; its routes, and the groups in the modules inside of it, belong to
/// it. A route that is written by hand names its group:
///
/// ```
/// use http::Method;
/// use rustboot_web::{RouteDef, RouteGroup, route_handler};
///
/// static API: RouteGroup = RouteGroup::new("api").prefix("/api/v1");
/// static ORDERS: RouteGroup = RouteGroup::new("orders").within(&API).prefix("/orders").tag("orders");
///
/// // GET /api/v1/orders
/// let route = RouteDef::new(Method::GET, "/", || route_handler(async || "all orders")).group(&ORDERS);
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct RouteGroup {
    /// What it is called in reports; of a collected one, the path of its module: `shop::orders`.
    pub name: &'static str,
    /// Where the user wrote it.
    pub location: Location,
    /// The group that it is a part of. Of a collected one, unset: that of the nearest module around it which has one.
    pub parent: Option<&'static RouteGroup>,
    /// What the paths of its routes begin with: `/api/v1`, or nothing.
    pub prefix: &'static str,
    /// The tag of its routes.
    pub tag: Option<&'static str>,
    /// Their limits. `max_in_flight` is one limit for all of them together that have none of their own.
    pub settings: RouteSettings,
    /// Who may call them.
    pub security: RouteSecurity,
    /// The layers around each of them, the first outermost. Made once for the group, when the server starts.
    pub layers: Option<fn() -> Vec<RouteLayer>>,
}

inventory::collect!(RouteGroup);

impl RouteGroup {
    /// A group of routes that have nothing in common yet. Its location is the caller's.
    #[track_caller]
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            location: Location::caller(),
            parent: None,
            prefix: "",
            tag: None,
            settings: RouteSettings::new(),
            security: RouteSecurity::new(),
            layers: None,
        }
    }

    /// Says where it is in the source.
    #[must_use]
    pub const fn declared(mut self, location: Location) -> Self {
        self.location = location;
        self
    }

    /// Makes it a part of another group.
    #[must_use]
    pub const fn within(mut self, parent: &'static RouteGroup) -> Self {
        self.parent = Some(parent);
        self
    }

    /// What the paths of its routes begin with: `/api/v1`. The route `/` is then at `/api/v1`, without a slash at the end.
    #[must_use]
    pub const fn prefix(mut self, prefix: &'static str) -> Self {
        self.prefix = prefix;
        self
    }

    /// The tag of its routes, for people and for OpenAPI.
    #[must_use]
    pub const fn tag(mut self, tag: &'static str) -> Self {
        self.tag = Some(tag);
        self
    }

    /// Gives its routes limits. `max_in_flight` is one limit for all of them together that have none of their own.
    #[must_use]
    pub const fn settings(mut self, settings: RouteSettings) -> Self {
        self.settings = settings;
        self
    }

    /// Says who may call its routes.
    #[must_use]
    pub const fn security(mut self, security: RouteSecurity) -> Self {
        self.security = security;
        self
    }

    /// Puts layers around each of its routes, the first outermost, outside of the route's own. The function is called once,
    /// when the server starts, so that what a layer shares between its clones is shared by the group.
    #[must_use]
    pub const fn layers(mut self, layers: fn() -> Vec<RouteLayer>) -> Self {
        self.layers = Some(layers);
        self
    }

    /// Something that is wrong with it.
    fn problem(&self, message: impl Into<String>) -> Problem {
        Problem::new(format!("the routes of `{}`", self.name), message)
            .note(format!("declared in {}", self.location))
    }

    fn mistakes(&self) -> Vec<Problem> {
        let mut mistakes: Vec<Problem> = self
            .settings
            .mistakes()
            .into_iter()
            .map(|mistake| self.problem(mistake))
            .collect();
        if self.security.contradicts_itself() {
            mistakes.push(self.problem(RouteSecurity::CONTRADICTION));
        }
        let prefix = self.prefix;
        if !prefix.is_empty() && (!prefix.starts_with('/') || prefix.ends_with('/')) {
            mistakes.push(self.problem(format!(
                "the prefix {prefix:?} has to begin with a slash, and not to end with one"
            )));
        }
        if prefix.contains("{*") {
            mistakes.push(self.problem(format!(
                "the prefix {prefix:?} takes the rest of the path, and nothing could follow it"
            )));
        }
        mistakes
    }
}

/// The groups of an application.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    /// Those that the macros collected, by the path of their module.
    collected: HashMap<&'static str, &'static RouteGroup>,
    seen: HashSet<*const RouteGroup>,
    /// What is wrong with those that were seen.
    pub(crate) problems: Vec<Problem>,
}

impl Groups {
    /// Takes those that the macros collected.
    pub(crate) fn new(collected: impl IntoIterator<Item = &'static RouteGroup>) -> Self {
        let mut groups = Self::default();
        for group in collected {
            groups.see(group);
            if let Some(other) = groups.collected.insert(group.name, group) {
                let problem = group.problem("a module has one group, and here are two");
                let other = format!("and in {}", other.location);
                groups.problems.push(problem.note(other));
            }
        }
        groups
    }

    /// The groups that a route belongs to, from the inside to the outside.
    ///
    /// # Errors
    /// They are within each other.
    pub(crate) fn of(&mut self, route: &RouteDef) -> Result<Vec<&'static RouteGroup>, Problem> {
        let mut next = route.group.or_else(|| self.around(route.name));
        let mut groups: Vec<&'static RouteGroup> = Vec::new();
        while let Some(group) = next {
            if groups.iter().any(|&inner| ptr::eq(inner, group)) {
                return Err(group.problem("the group is within itself"));
            }
            self.see(group);
            groups.push(group);
            next = group.parent.or_else(|| {
                let collected = self.collected.get(group.name);
                let is_collected = collected.is_some_and(|&collected| ptr::eq(collected, group));
                is_collected.then(|| self.around(group.name)).flatten()
            });
        }
        Ok(groups)
    }

    fn see(&mut self, group: &'static RouteGroup) {
        if self.seen.insert(ptr::from_ref(group)) {
            self.problems.extend(group.mistakes());
        }
    }

    /// The group of the nearest module around an item.
    fn around(&self, mut item: &'static str) -> Option<&'static RouteGroup> {
        if self.collected.is_empty() {
            return None;
        }
        loop {
            item = item.rsplit_once("::")?.0;
            if let Some(group) = self.collected.get(item) {
                return Some(group);
            }
        }
    }
}
