//! All attribute routes of an application: sorted, and checked for collisions.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use matchit::InsertError;
use rustboot_core::report::Problem;

use super::RouteDef;
use super::group::Groups;
use super::mapped::MappedRoute;

/// The routes, in the order of path and method.
#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) routes: Vec<MappedRoute>,
}

impl Table {
    /// Sorts routes and finds those that say what cannot be meant, and those that collide, with each other or with a
    /// management endpoint of the same listener.
    pub(crate) fn new(
        defs: Vec<RouteDef>,
        groups: &mut Groups,
        endpoints: &[&str],
    ) -> (Self, Vec<Problem>) {
        let mut problems = Vec::new();
        let mut routes = Vec::with_capacity(defs.len());
        for def in defs {
            match groups.of(&def) {
                Ok(of_route) => routes.push(MappedRoute::new(def, of_route)),
                Err(problem) => problems.push(problem),
            }
        }
        problems.append(&mut groups.problems);
        routes.sort_by(|a, b| {
            (a.path, a.def.method.as_str(), a.def.location).cmp(&(
                b.path,
                b.def.method.as_str(),
                b.def.location,
            ))
        });
        // Once for each route: an application may have thousands.
        let shapes: Vec<String> = routes.iter().map(|route| shape(route.path)).collect();
        let of_endpoints: BTreeSet<String> = endpoints.iter().map(|path| shape(path)).collect();
        let mut seen: BTreeMap<(&str, &str), Vec<&MappedRoute>> = BTreeMap::new();
        for (route, shape) in routes.iter().zip(&shapes) {
            problems.extend(route.mistakes());
            seen.entry((shape, route.def.method.as_str()))
                .or_default()
                .push(route);
            if of_endpoints.contains(shape) {
                problems.push(
                    route.problem("the path belongs to a management endpoint").note("help: choose another path, or move the endpoints to a listener of their own with management.port"),
                );
            }
        }
        for ((_, method), same) in &seen {
            if same.len() > 1 {
                let mut problem = Problem::new(
                    format!("{method} {}", same[0].path),
                    format!("{} handlers for one route", same.len()),
                );
                for route in same {
                    problem = problem.note(format!(
                        "declared by `{}` as {} ({})",
                        route.def.handler_name(),
                        route.path,
                        route.def.location
                    ));
                }
                problems.push(problem.note("help: a parameter's name makes no difference; change the path or the method of one"));
            }
        }
        // Routes that collide have been reported.
        problems.extend(unmatchable(routes.iter().zip(&shapes), &of_endpoints));
        (Self { routes }, problems)
    }
}

impl Table {
    /// Those of the endpoints that cannot be on the listener of these routes.
    pub(crate) fn displaces(&self, endpoints: &[&'static str]) -> Vec<&'static str> {
        let mut matcher = matchit::Router::new();
        for route in &self.routes {
            // Several methods of a path are one entry; what does not fit is a problem that was reported.
            matcher.insert(numbered(route.path), ()).ok();
        }
        let endpoints: BTreeSet<&'static str> = endpoints.iter().copied().collect();
        endpoints
            .into_iter()
            .filter(|path| matcher.insert(numbered(path), ()).is_err())
            .collect()
    }
}

/// The routes whose template the matcher does not take beside the others.
fn unmatchable<'a>(
    routes: impl Iterator<Item = (&'a MappedRoute, &'a String)>,
    endpoints: &'a BTreeSet<String>,
) -> Vec<Problem> {
    let mut known: HashSet<&str> = endpoints.iter().map(String::as_str).collect();
    let mut matcher = matchit::Router::new();
    for shape in endpoints {
        // Ours, and they fit.
        matcher.insert(numbered(shape), ()).ok();
    }
    let mut problems = Vec::new();
    let mut taken: HashMap<String, &MappedRoute> = HashMap::new();
    for (route, shape) in routes {
        if !route.path.starts_with('/') || !known.insert(shape) {
            continue;
        }
        let numbered = numbered(shape);
        match matcher.insert(&*numbered, ()) {
            Ok(()) => drop(taken.insert(numbered, route)),
            Err(InsertError::Conflict { with }) => {
                let problem = match taken.get(&with) {
                    Some(other) => route
                        .problem(format!("the path cannot be told from {}", other.path))
                        .note(format!(
                            "which is that of `{}` ({})",
                            other.def.handler_name(),
                            other.def.location
                        )),
                    None => route.problem(format!(
                        "the path cannot be told from that of a management endpoint, {with}"
                    )),
                };
                problems.push(
                    problem.note(
                        "help: give one of them a segment of its own in front of the parameter",
                    ),
                );
            }
            Err(error) => {
                problems.push(route.problem(format!("the path cannot be matched: {error}")))
            }
        }
    }
    problems
}

/// A template with its parameters numbered, since matchit wants one name for a place and two routes may differ in it.
pub(crate) fn numbered(path: &str) -> String {
    let mut number = 0;
    renamed(path, |out| {
        out.push_str(&format!("p{number}"));
        number += 1;
    })
}

/// A template without the names of its parameters, which is what decides whether two collide.
pub(crate) fn shape(path: &str) -> String {
    renamed(path, |out| out.push('p'))
}

/// A template with other names for its parameters.
fn renamed(path: &str, mut name: impl FnMut(&mut String)) -> String {
    let mut renamed = String::with_capacity(path.len() + 8);
    for (i, segment) in path.split('/').enumerate() {
        if i > 0 {
            renamed.push('/');
        }
        match parameter(segment) {
            None => renamed.push_str(segment),
            Some((before, parameter, after)) => {
                renamed.push_str(before);
                renamed.push_str(if parameter.starts_with('*') {
                    "{*"
                } else {
                    "{"
                });
                name(&mut renamed);
                renamed.push('}');
                renamed.push_str(after);
            }
        }
    }
    renamed
}

/// The parameter of a segment, with what is before and after it. `{{` and `}}` are braces that are meant.
fn parameter(segment: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let start = from + segment[from..].find('{')?;
        let rest = &segment[start + 1..];
        if rest.starts_with('{') {
            from = start + 2;
            continue;
        }
        let (parameter, after) = rest.split_once('}')?;
        return Some((&segment[..start], parameter, after));
    }
}

/// The names of a template's parameters, in order.
pub(crate) fn parameter_names(path: &'static str) -> Vec<&'static str> {
    path.split('/')
        .filter_map(parameter)
        .map(|(_, parameter, _)| parameter.trim_start_matches('*'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_parameters_make_no_shape() {
        assert_eq!(shape("/a/{x}/b"), shape("/a/{y}/b"));
        assert_ne!(shape("/a/{x}"), shape("/a/{*x}"));
        assert_eq!(shape("/a/{x}.json"), "/a/{p}.json");
        assert_eq!(parameter_names("/a/{x}/{*rest}"), ["x", "rest"]);
        assert_eq!(parameter_names("/"), Vec::<&str>::new());
        assert_eq!(numbered("/a/{x}/b-{y}/{*rest}"), "/a/{p0}/b-{p1}/{*p2}");
    }

    #[test]
    fn braces_that_are_meant_are_no_parameter() {
        for path in ["/a/{{x}}", "/a/{{", "/map}}/a", "/{{p}}"] {
            assert_eq!(shape(path), path);
            assert_eq!(numbered(path), path);
            assert_eq!(parameter_names(path), Vec::<&str>::new());
        }
        assert_eq!(numbered("/{{a}}-{b}"), "/{{a}}-{p0}");
        assert_eq!(parameter_names("/{{a}}-{b}"), ["b"]);
    }
}
