//! All attribute routes of an application: sorted, and checked for collisions.

use std::collections::{BTreeMap, BTreeSet};

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
        let mut seen: BTreeMap<(String, String), Vec<&MappedRoute>> = BTreeMap::new();
        for route in &routes {
            problems.extend(route.mistakes());
            let shape = shape(route.path);
            seen.entry((shape.clone(), route.def.method.to_string()))
                .or_default()
                .push(route);
            if endpoints
                .iter()
                .any(|endpoint| self::shape(endpoint) == shape)
            {
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
        problems.extend(unmatchable(&routes, endpoints));
        (Self { routes }, problems)
    }
}

/// The routes whose template the matcher does not take beside the others.
fn unmatchable(routes: &[MappedRoute], endpoints: &[&str]) -> Vec<Problem> {
    let mut known: BTreeSet<String> = endpoints.iter().map(|path| shape(path)).collect();
    let mut matcher = matchit::Router::new();
    for path in endpoints {
        // Ours, and they fit.
        matcher.insert(numbered(path), ()).ok();
    }
    let mut problems = Vec::new();
    for route in routes {
        if route.path.starts_with('/')
            && known.insert(shape(route.path))
            && let Err(error) = matcher.insert(numbered(route.path), ())
        {
            problems.push(route.problem(format!("the path cannot be matched: {error}")));
        }
    }
    problems
}

/// A template with its parameters numbered, since matchit wants one name for a place and two routes may differ in it.
pub(crate) fn numbered(path: &str) -> String {
    let mut number = 0;
    let parts: Vec<String> = shape(path)
        .split('/')
        .map(|segment| {
            let named = segment
                .replace("{p}", &format!("{{p{number}}}"))
                .replace("{*p}", &format!("{{*p{number}}}"));
            if named != segment {
                number += 1;
            }
            named
        })
        .collect();
    parts.join("/")
}

/// A template without the names of its parameters, which is what decides whether two collide.
pub(crate) fn shape(path: &str) -> String {
    path.split('/')
        .map(|segment| {
            if segment.starts_with("{*") {
                "{*p}".to_owned()
            } else if let (Some(start), Some(end)) = (segment.find('{'), segment.rfind('}')) {
                format!("{}{{p}}{}", &segment[..start], &segment[end + 1..])
            } else {
                segment.to_owned()
            }
        })
        .collect::<Vec<_>>()
        .join("/")
}

/// The names of a template's parameters, in order.
pub(crate) fn parameter_names(path: &'static str) -> Vec<&'static str> {
    path.split('/')
        .filter_map(|segment| {
            let start = segment.find('{')?;
            let end = segment.rfind('}')?;
            Some(segment[start + 1..end].trim_start_matches('*'))
        })
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
    }
}
