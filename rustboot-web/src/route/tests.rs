//! What is wrong with routes and groups is found at start, all of it, and says where it was written.

use axum::Router;
use http::Method;
use rustboot_core::source::Location;

use super::group::Groups;
use super::mounted::joined;
use super::table::Table;
use super::{RouteDef, RouteGroup, RouteLayer, RouteSecurity, RouteSettings, route_handler};

fn route(path: &'static str) -> RouteDef {
    RouteDef::new(Method::GET, path, || route_handler(async || "answer"))
        .declared("shop::orders::all", Location::new("src/orders.rs", 7))
}

/// The problems with the routes, each in one line.
fn problems(collected: Vec<&'static RouteGroup>, routes: Vec<RouteDef>) -> Vec<String> {
    let mut groups = Groups::new(collected);
    let (_, problems) = Table::new(routes, &mut groups, &["/health/{component}"]);
    let in_a_line = |problem: rustboot_core::report::Problem| {
        let notes = problem.notes.join("; ");
        format!("{}: {} ({notes})", problem.subject, problem.message)
    };
    problems.into_iter().map(in_a_line).collect()
}

#[test]
fn a_route_joins_the_group_of_the_nearest_module_around_it() {
    static API: RouteGroup = RouteGroup::new("shop").prefix("/api").tag("api");
    static ORDERS: RouteGroup = RouteGroup::new("shop::orders").prefix("/orders");
    static ELSEWHERE: RouteGroup = RouteGroup::new("elsewhere").prefix("/elsewhere");
    let mut groups = Groups::new([&API, &ORDERS]);
    let at = |name| route("/{id}").declared(name, Location::new("src/lib.rs", 1));
    let (table, problems) = Table::new(
        vec![
            at("shop::orders::one"),
            at("shop::orders::deeper::still::one"),
            at("shop::ordersandmore::one"),
            at("shopping::orders::one"),
            at("shop::orders::by_hand").group(&ELSEWHERE),
        ],
        &mut groups,
        &[],
    );
    // Two of them are one route, which is the point of neither.
    assert_eq!(problems.len(), 1, "{problems:?}");
    let path_of = |name: &str| {
        let mut routes = table.routes.iter();
        let route = routes.find(|route| route.def.name == name).unwrap();
        (route.path, route.tag)
    };
    let in_both = ("/api/orders/{id}", Some("api"));
    assert_eq!(path_of("shop::orders::one"), in_both);
    assert_eq!(path_of("shop::orders::deeper::still::one"), in_both);
    assert_eq!(
        path_of("shop::ordersandmore::one"),
        ("/api/{id}", Some("api"))
    );
    assert_eq!(path_of("shopping::orders::one"), ("/{id}", None));
    assert_eq!(
        path_of("shop::orders::by_hand"),
        ("/elsewhere/{id}", None),
        "what a route names wins over where it stands"
    );
}

#[test]
fn what_a_group_says_wrong_is_said_once() {
    static WRONG: RouteGroup = RouteGroup::new("orders")
        .declared(Location::new("src/orders.rs", 1))
        .prefix("orders/")
        .settings(RouteSettings::new().max_in_flight(0))
        .security(RouteSecurity::new().permit_all().scheme("bearer"));
    static AGAIN: RouteGroup = RouteGroup::new("orders").declared(Location::new("src/x.rs", 2));
    let found = problems(
        vec![&WRONG, &AGAIN],
        vec![
            route("/a").declared("orders::a", Location::new("a.rs", 1)),
            route("/b").group(&WRONG),
        ],
    );
    assert_eq!(
        found,
        [
            "the routes of `orders`: with max_in_flight 0 there is room for no request (declared in src/orders.rs:1)",
            "the routes of `orders`: it permits everybody, and demands roles or a security scheme as well (declared in src/orders.rs:1)",
            "the routes of `orders`: the prefix \"orders/\" has to begin with a slash, and not to end with one (declared in src/orders.rs:1)",
            "the routes of `orders`: a module has one group, and here are two (declared in src/x.rs:2; and in src/orders.rs:1)",
        ]
    );
}

#[test]
fn groups_that_are_within_each_other_end_the_start_and_not_the_process() {
    static INNER: RouteGroup = RouteGroup::new("inner").within(&OUTER);
    static OUTER: RouteGroup = RouteGroup::new("outer").within(&INNER);
    let found = problems(vec![], vec![route("/").group(&INNER)]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("the routes of `inner`: the group is within itself (declared in "),
        "{found:?}"
    );
}

#[test]
fn a_parameter_of_the_prefix_is_one_of_the_route() {
    static SHOPS: RouteGroup = RouteGroup::new("shops")
        .declared(Location::new("src/shops.rs", 3))
        .prefix("/shops/{id}");
    let found = problems(
        vec![],
        vec![
            route("/orders/{id}").group(&SHOPS),
            route("/{order}").group(&SHOPS),
        ],
    );
    assert_eq!(
        found,
        [
            "GET /shops/{id}/orders/{id}: the parameter {id} is there twice: give each its own name (declared by `shop::orders::all` (src/orders.rs:7); in the group `shops` (src/shops.rs:3))"
        ]
    );
}

#[test]
fn a_route_by_hand_is_checked_like_one_of_the_compiler() {
    let brew = Method::from_bytes(b"BREW").unwrap();
    let layered = RouteDef::new(brew, "/coffee", || route_handler(async || "coffee"))
        .layers(|| vec![RouteLayer::new(axum::extract::DefaultBodyLimit::disable())]);
    let found = problems(
        vec![],
        vec![
            route("orders"),
            route("/a").settings(RouteSettings::new().timeout(std::time::Duration::ZERO)),
            route("/b").security(RouteSecurity::new().permit_all().roles(&["admin"])),
            layered,
            route("/files/{*rest}"),
            route("/files/{*rest}/more"),
        ],
    );
    let starts = [
        "GET /a: a timeout of zero would refuse every request (",
        "GET /b: it permits everybody, and demands roles or a security scheme as well (",
        "BREW /coffee: layers, and what only axum's own router can extract, go with the methods that axum knows (",
        "GET orders: the path \"orders\" has to begin with a slash (",
        "GET /files/{*rest}/more: the path cannot be told from /files/{*rest} (",
    ];
    assert_eq!(found.len(), starts.len(), "{found:#?}");
    for (found, start) in found.iter().zip(starts) {
        assert!(found.starts_with(start), "{found}");
    }
    // A handler without a name is called what the compiler calls it.
    assert!(
        found[2].contains("declared by `rustboot_web::route::tests::"),
        "{found:?}"
    );
}

#[test]
fn a_path_that_cannot_be_told_from_another_names_it() {
    let found = problems(vec![], vec![route("/w/{id}"), route("/w/{*rest}")]);
    assert_eq!(found.len(), 1, "{found:#?}");
    let (first, rest) = found[0].split_once(" (").unwrap();
    let one_of = [
        "GET /w/{*rest}: the path cannot be told from /w/{id}",
        "GET /w/{id}: the path cannot be told from /w/{*rest}",
    ];
    assert!(one_of.contains(&first), "{found:#?}");
    assert!(
        rest.contains("which is that of `") && rest.contains("help: "),
        "{found:#?}"
    );
}

/// `/tasks` is an endpoint in `dev`; an application that has one keeps it.
#[test]
fn a_route_takes_the_place_of_an_endpoint_of_dev() {
    let routes = vec![route("/tasks"), route("/loggers/{*rest}"), route("/env/x")];
    let (table, problems) = Table::new(routes, &mut Groups::default(), &["/live"]);
    assert!(problems.is_empty());
    let endpoints = [
        "/loggers",
        "/loggers/{target}",
        "/loggers/{target}",
        "/env",
        "/tasks",
    ];
    assert_eq!(table.displaces(&endpoints), ["/loggers/{target}", "/tasks"]);
}

#[test]
fn two_routers_with_one_route_do_not_become_one() {
    let router = || Router::new().route("/x", axum::routing::get(async || ()));
    let _both = joined(router(), Router::new()).unwrap();
    let conflict = joined(router(), router()).unwrap_err();
    assert!(
        conflict.starts_with("cannot be merged with those that were mounted before it: ")
            && conflict.contains("/x"),
        "{conflict}"
    );
    let with_fallback = || Router::new().fallback(async || ());
    joined(with_fallback(), with_fallback()).unwrap_err();
}

#[test]
fn demands_are_inherited_piece_by_piece() {
    let group = RouteSecurity::new().scheme("bearer").roles(&["staff"]);
    let nothing = RouteSecurity::new();
    assert_eq!(nothing.within(&group), group);
    let admin = RouteSecurity::new().roles(&["admin"]);
    assert_eq!(admin.within(&group), admin.scheme("bearer"));
    let session = RouteSecurity::new().scheme("session");
    assert_eq!(session.within(&group), session.roles(&["staff"]));
    assert!(!nothing.permit_all().within(&group).is_demanding());
    // An open group in a closed one, and a closed route in the open group.
    let open = RouteSecurity::new().permit_all();
    assert!(!nothing.within(&open).within(&group).is_demanding());
    assert!(admin.within(&open).within(&group).is_demanding());
}
