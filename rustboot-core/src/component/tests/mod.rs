//! The graph, and how it is built.

mod traits;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::graph::{Node, Plan, Strength};
use super::*;
use crate::app::{AppBuilder, AppContext, AppInfo};
use crate::config::Sources;
use crate::error::{Error, ErrorKind};
use crate::report::Problem;
use crate::source::Location;

/// A different type for each number.
struct Part<const N: usize>;

fn key<const N: usize>() -> ComponentKey {
    ComponentKey::of::<Part<N>>()
}

fn node<const N: usize>(line: u32, needs: &[ComponentKey]) -> Node {
    Node {
        key: key::<N>(),
        location: Location::new("src/parts.rs", line),
        dependencies: needs.iter().map(|key| Dependency::required(*key)).collect(),
        strength: Strength::Declared,
        eager: true,
        unavailable: None,
        factory: Arc::new(|_| {
            Ok(Box::pin(async {
                tokio::time::sleep(Duration::from_millis(5)).await;
                Ok(Instance::new(Part::<N>))
            }))
        }),
    }
}

fn handler(needs: &[ComponentKey]) -> Wiring {
    Wiring {
        consumer: "the handler `item`".into(),
        location: Location::new("src/main.rs", 12),
        dependencies: needs.iter().map(|key| Dependency::required(*key)).collect(),
    }
}

fn plan(nodes: Vec<Node>, consumers: &[Wiring]) -> std::result::Result<Plan, Vec<Problem>> {
    graph::plan(nodes, &[], consumers)
}

fn order(plan: &Plan) -> Vec<String> {
    plan.nodes.iter().map(|node| node.key.to_string()).collect()
}

async fn context() -> AppContext {
    let mut builder = AppBuilder::new(AppInfo::new("test", "0"));
    builder
        .sources(Sources::empty("/nonexistent"))
        .without_collected_items();
    builder.assemble().await.unwrap().context().clone()
}

fn text(problems: &[Problem]) -> String {
    problems
        .iter()
        .map(|p| format!("{}: {}\n{}\n", p.subject, p.message, p.notes.join("\n")))
        .collect()
}

#[test]
fn the_order_does_not_depend_on_the_order_of_the_definitions() {
    let nodes = || {
        vec![
            node::<4>(4, &[key::<1>(), key::<3>()]),
            node::<1>(1, &[]),
            node::<3>(3, &[key::<2>()]),
            node::<2>(2, &[]),
            node::<5>(5, &[]),
        ]
    };
    let expected = ["Part<1>", "Part<2>", "Part<3>", "Part<4>", "Part<5>"];
    for round in 0..200 {
        let mut nodes = nodes();
        nodes.rotate_left(round % 5);
        if round % 2 == 0 {
            nodes.reverse();
        }
        assert_eq!(order(&plan(nodes, &[]).unwrap()), expected);
    }
}

#[test]
fn missing_ones_name_every_consumer_and_say_what_to_do() {
    let nodes = vec![node::<1>(3, &[key::<9>()])];
    let problems = plan(nodes, &[handler(&[key::<9>(), key::<8>()])]).unwrap_err();
    assert_eq!(problems.len(), 2, "{}", text(&problems));
    let nine = problems.iter().find(|p| p.subject == "Part<9>").unwrap();
    assert_eq!(nine.message, "there is no such component");
    assert_eq!(
        nine.notes,
        [
            "needed by the handler `item` (src/main.rs:12)",
            "needed by the component Part<1> (src/parts.rs:3)",
            "help: put #[component] on a function that returns Part<9>, or hand one in with AppBuilder::provide",
        ]
    );
}

#[test]
fn what_is_optional_may_be_missing() {
    let mut optional = node::<1>(1, &[]);
    optional.dependencies = vec![Dependency::optional(key::<9>())];
    assert_eq!(order(&plan(vec![optional], &[]).unwrap()), ["Part<1>"]);
}

#[test]
fn two_of_a_kind_are_named_with_their_places() {
    let problems = plan(vec![node::<1>(7, &[]), node::<1>(3, &[])], &[]).unwrap_err();
    assert_eq!(problems[0].message, "there are 2 of this type");
    assert_eq!(
        problems[0].notes[..2],
        ["made at src/parts.rs:3", "made at src/parts.rs:7"]
    );
}

#[test]
fn a_cycle_is_shown_whole_and_each_group_once() {
    let nodes = vec![
        node::<1>(1, &[key::<2>()]),
        node::<2>(2, &[key::<3>()]),
        node::<3>(3, &[key::<1>()]),
        node::<4>(4, &[key::<4>()]),
        // Behind a cycle, and in none.
        node::<5>(5, &[key::<1>()]),
    ];
    let problems = plan(nodes, &[]).unwrap_err();
    let messages: Vec<&str> = problems.iter().map(|p| p.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "needs itself: Part<1> → Part<2> → Part<3> → Part<1>",
            "needs itself: Part<4> → Part<4>"
        ]
    );
    assert!(
        problems[0]
            .notes
            .contains(&"Part<2> is made at src/parts.rs:2".to_owned())
    );
}

#[test]
fn cycles_missing_and_duplicate_ones_come_in_one_go() {
    let nodes = vec![
        node::<1>(1, &[key::<1>()]),
        node::<2>(2, &[key::<9>()]),
        node::<3>(3, &[]),
        node::<3>(4, &[]),
    ];
    assert_eq!(plan(nodes, &[]).unwrap_err().len(), 3);
}

#[test]
fn a_fallback_gives_way_and_is_built_only_when_needed() {
    let fallback = |needed: bool| {
        let mut node = node::<1>(99, &[]);
        node.strength = Strength::Fallback;
        node.eager = needed;
        node
    };
    assert!(order(&plan(vec![fallback(false)], &[]).unwrap()).is_empty());
    assert_eq!(
        order(&plan(vec![fallback(true)], &[]).unwrap()),
        ["Part<1>"]
    );
    assert_eq!(
        order(&plan(vec![fallback(false)], &[handler(&[key::<1>()])]).unwrap()),
        ["Part<1>"]
    );
    let both = plan(vec![fallback(false), node::<1>(1, &[])], &[]).unwrap();
    assert_eq!(both.nodes.len(), 1);
    assert_eq!(both.nodes[0].location.line, 1);
}

#[test]
fn a_part_of_the_plan_keeps_what_it_needs() {
    let plan = plan(
        vec![
            node::<1>(1, &[]),
            node::<2>(2, &[key::<1>()]),
            node::<3>(3, &[]),
        ],
        &[],
    )
    .unwrap();
    let part = plan.only(&[key::<2>()]);
    assert_eq!(order(&part), ["Part<1>", "Part<2>"]);
    assert_eq!(part.needs, [vec![], vec![0]]);
}

#[tokio::test(start_paused = true)]
async fn what_does_not_need_each_other_is_built_at_the_same_time() {
    let plan = plan(
        vec![
            node::<1>(1, &[]),
            node::<2>(2, &[]),
            node::<3>(3, &[key::<1>(), key::<2>()]),
            node::<4>(4, &[key::<3>()]),
            node::<5>(5, &[]),
        ],
        &[],
    )
    .unwrap();
    let start = Instant::now();
    let built = build::build(&context().await, &plan, &[], Duration::from_secs(1))
        .await
        .unwrap();
    assert_eq!(
        start.elapsed(),
        Duration::from_millis(15),
        "three levels of 5 ms"
    );
    let names: Vec<String> = built
        .components
        .order()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        names,
        order(&plan),
        "the order is that of the plan, not of the clock"
    );
    assert!(built.components.get::<Part<4>>(None).is_some());
}

#[tokio::test(start_paused = true)]
async fn a_factory_that_hangs_panics_or_fails_is_named() {
    async fn failure(factory: super::graph::Factory) -> Error {
        let mut broken = node::<2>(8, &[key::<1>()]);
        broken.factory = factory;
        let plan = plan(vec![node::<1>(1, &[]), broken], &[]).unwrap();
        let (built, error) = build::build(&context().await, &plan, &[], Duration::from_secs(60))
            .await
            .unwrap_err();
        assert_eq!(
            built.components.order(),
            [key::<1>()],
            "what was built comes along"
        );
        error
    }
    let hangs = failure(Arc::new(|_| Ok(Box::pin(std::future::pending())))).await;
    assert_eq!(hangs.kind(), ErrorKind::Timeout);
    assert!(
        hangs
            .to_string()
            .starts_with("the component Part<2> (src/parts.rs:8) could not be built"),
        "{hangs}"
    );
    let panics = failure(Arc::new(|_| Ok(Box::pin(async { panic!("oh") })))).await;
    assert!(
        panics.to_string().contains("its factory panicked"),
        "{panics}"
    );
    let fails = failure(Arc::new(|_| {
        Ok(Box::pin(async { Err(Error::unavailable("no database")) }))
    }))
    .await;
    assert_eq!(fails.kind(), ErrorKind::Unavailable);
    assert!(
        fails
            .to_string()
            .ends_with("could not be built: no database"),
        "{fails}"
    );
}

#[tokio::test(start_paused = true)]
async fn nobody_gets_a_component_before_it_is_prepared() {
    use std::sync::atomic::{AtomicBool, Ordering};
    let prepared = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&prepared);
    let mut user = node::<2>(2, &[key::<1>()]);
    user.factory = Arc::new(move |_| {
        assert!(seen.load(Ordering::SeqCst), "migrations come first");
        Ok(Box::pin(async { Ok(Instance::new(Part::<2>)) }))
    });
    let plan = plan(vec![node::<1>(1, &[]), user], &[]).unwrap();
    let done = Arc::clone(&prepared);
    let preparation = build::Preparation {
        key: key::<1>(),
        run: Arc::new(move |instance| {
            let done = Arc::clone(&done);
            Box::pin(async move {
                assert!(instance.get::<Part<1>>().is_some());
                tokio::time::sleep(Duration::from_millis(20)).await;
                done.store(true, Ordering::SeqCst);
                Ok(())
            })
        }),
    };
    let built = build::build(
        &context().await,
        &plan,
        &[preparation],
        Duration::from_secs(1),
    )
    .await;
    assert!(built.unwrap().components.get::<Part<2>>(None).is_some());
    assert!(prepared.load(Ordering::SeqCst));
}

#[test]
fn type_names_are_short() {
    for (full, short) in [
        ("alloc::sync::Arc<shop::Catalog>", "Arc<Catalog>"),
        ("dyn shop::Mail", "dyn Mail"),
        ("(a::B, &c::D)", "(B, &D)"),
        ("u8", "u8"),
    ] {
        assert_eq!(def::short_type_name(full), short);
    }
}

/// 200 components of 5 ms in 4 levels take what the longest path takes.
#[tokio::test(start_paused = true)]
async fn two_hundred_components_take_as_long_as_their_longest_path() {
    fn level<const BASE: usize>(
        names: &'static [&'static str],
        needs: &[ComponentKey],
    ) -> Vec<Node> {
        names
            .iter()
            .map(|name| {
                let mut node = node::<BASE>(1, needs);
                node.key = key::<BASE>().named(name);
                node
            })
            .collect()
    }
    const NAMES: [&str; 50] = [
        "00", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "13", "14",
        "15", "16", "17", "18", "19", "20", "21", "22", "23", "24", "25", "26", "27", "28", "29",
        "30", "31", "32", "33", "34", "35", "36", "37", "38", "39", "40", "41", "42", "43", "44",
        "45", "46", "47", "48", "49",
    ];
    let keys = |nodes: &[Node]| nodes.iter().map(|node| node.key).collect::<Vec<_>>();
    let one = level::<1>(&NAMES, &[]);
    let two = level::<2>(&NAMES, &keys(&one));
    let three = level::<3>(&NAMES, &keys(&two));
    let four = level::<4>(&NAMES, &keys(&three));
    let nodes: Vec<Node> = [one, two, three, four].concat();
    let plan = plan(nodes, &[]).unwrap();
    let start = Instant::now();
    let built = build::build(&context().await, &plan, &[], Duration::from_secs(1))
        .await
        .unwrap();
    assert_eq!(start.elapsed(), Duration::from_millis(20));
    assert_eq!(built.components.order().len(), 200);
}
