//! Trait objects, names, and all of a kind.

use std::sync::Arc;
use std::time::Duration;

use super::*;

trait Speak: Send + Sync {
    fn word(&self) -> String;
}

impl<const N: usize> Speak for Part<N> {
    fn word(&self) -> String {
        format!("{N}")
    }
}

fn speak() -> ComponentKey {
    ComponentKey::of::<dyn Speak>()
}

fn cast<const N: usize>(instance: &Instance) -> Option<Instance> {
    let part = instance.get::<Part<N>>()?;
    Some(Instance::shared::<dyn Speak>(part))
}

fn alias<const N: usize>() -> AliasDef {
    AliasDef {
        key: speak,
        component: key::<N>,
        location: Location::new("src/parts.rs", 1),
        cast: cast::<N>,
    }
}

fn eu() -> ComponentKey {
    speak().named("eu")
}

fn part_eu() -> ComponentKey {
    key::<2>().named("eu")
}

/// `Part<2>` named "eu", which speaks.
fn named() -> (Node, AliasDef) {
    let mut node = node::<2>(20, &[]);
    node.key = part_eu();
    let alias = AliasDef {
        key: eu,
        component: part_eu,
        ..alias::<2>()
    };
    (node, alias)
}

fn needs_one(dependency: Dependency) -> Wiring {
    Wiring {
        dependencies: vec![dependency],
        ..handler(&[])
    }
}

async fn components(nodes: Vec<Node>, aliases: &[AliasDef]) -> Components {
    let plan = graph::plan(nodes, aliases, &[]).unwrap();
    let built = build::build(&context().await, &plan, &[], Duration::from_secs(1)).await;
    built.unwrap().components
}

fn words(components: &Components) -> Vec<String> {
    let all = components.all::<dyn Speak>();
    all.iter().map(|one| one.word()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_component_is_found_as_its_trait() {
    let user = node::<3>(3, &[speak()]);
    let components = components(vec![user, node::<1>(1, &[])], &[alias::<1>()]).await;
    assert_eq!(components.get::<dyn Speak>(None).unwrap().word(), "1");
    assert_eq!(components.order(), [key::<1>(), key::<3>()]);
    let need = |key| components.rank(&Dependency::required(key));
    assert_eq!(need(speak()), Some(0), "a hook that takes it runs after it");
}

#[tokio::test(start_paused = true)]
async fn all_of_a_trait_come_in_the_order_of_construction() {
    let (eu_node, eu_alias) = named();
    let nodes = || {
        vec![
            node::<3>(3, &[]),
            eu_node.clone(),
            node::<1>(1, &[key::<3>()]),
        ]
    };
    let aliases = [alias::<3>(), eu_alias, alias::<1>()];
    for round in 0..3 {
        let mut nodes = nodes();
        nodes.rotate_left(round);
        // The last one to be built finishes first, and still comes last.
        nodes
            .iter_mut()
            .filter(|node| node.key == key::<1>())
            .for_each(|node| {
                node.factory = Arc::new(|_| Ok(Box::pin(async { Ok(Instance::new(Part::<1>)) })));
            });
        let components = components(nodes, &aliases).await;
        assert_eq!(words(&components), ["2", "3", "1"]);
        assert_eq!(components.get::<dyn Speak>(Some("eu")).unwrap().word(), "2");
        assert!(
            components.get::<dyn Speak>(None).is_none(),
            "there are two without a name"
        );
    }
}

#[test]
fn all_waits_for_each_and_not_for_itself() {
    let mut choir = node::<9>(9, &[]);
    choir.key = key::<9>();
    choir.dependencies = vec![Dependency::all(speak())];
    // "Part<1>" would come first by its name; `all` puts it behind the others.
    let mut first = node::<1>(1, &[]);
    first.dependencies = vec![Dependency::all(speak())];
    let nodes = vec![first, node::<5>(5, &[]), choir];
    let plan = graph::plan(nodes, &[alias::<5>(), alias::<9>()], &[]).unwrap();
    assert_eq!(order(&plan), ["Part<5>", "Part<9>", "Part<1>"]);
}

#[test]
fn all_of_nothing_is_fine_and_builds_no_fallback() {
    let mut fallback = node::<1>(1, &[]);
    (fallback.strength, fallback.eager) = (Strength::Fallback, false);
    let all = needs_one(Dependency::all(key::<1>()));
    let nothing = needs_one(Dependency::all(speak()));
    let mut user = node::<2>(2, &[]);
    user.dependencies = all.dependencies.clone();
    let plan = graph::plan(vec![fallback, user], &[], &[all, nothing]).unwrap();
    assert_eq!(order(&plan), ["Part<2>"]);
    assert_eq!(plan.needs, [Vec::<usize>::new()]);
}

#[test]
fn several_for_one_are_listed_with_their_places() {
    let nodes = || vec![node::<4>(4, &[]), node::<1>(1, &[])];
    let aliases = [alias::<4>(), alias::<1>(), alias::<1>()];
    for dependency in [Dependency::required(speak()), Dependency::optional(speak())] {
        let problems = graph::plan(nodes(), &aliases, &[needs_one(dependency)]).unwrap_err();
        assert_eq!(problems.len(), 1, "{}", text(&problems));
        assert_eq!(problems[0].subject, "dyn Speak");
        assert_eq!(problems[0].message, "one is needed, and 2 are there");
        assert_eq!(
            problems[0].notes,
            [
                "needed by the handler `item` (src/main.rs:12)",
                "Part<1> is made at src/parts.rs:1",
                "Part<4> is made at src/parts.rs:4",
                "help: give all but one a name, #[component(name = \"…\", as = …)], and take it with #[named(\"…\")]; or take all of them: Vec<Inject<dyn Speak>>",
            ]
        );
    }
    assert!(
        graph::plan(nodes(), &aliases, &[]).is_ok(),
        "nobody asks for one"
    );
}

#[tokio::test(start_paused = true)]
async fn one_by_hand_replaces_and_a_fallback_gives_way() {
    let by = |strength: Strength| {
        let mut node = node::<7>(7, &[]);
        node.key = speak();
        (node.strength, node.eager) = (strength, strength == Strength::Provided);
        node.factory = Arc::new(|_| {
            Ok(Box::pin(async {
                Ok(Instance::shared::<dyn Speak>(Arc::new(Part::<7>)))
            }))
        });
        node
    };
    let real = || node::<1>(1, &[]);
    let provided = components(vec![real(), by(Strength::Provided)], &[alias::<1>()]).await;
    assert_eq!(provided.get::<dyn Speak>(None).unwrap().word(), "7");
    assert_eq!(words(&provided), ["1", "7"]);

    let asked = needs_one(Dependency::required(speak()));
    let nodes = vec![real(), by(Strength::Fallback)];
    let plan = graph::plan(nodes, &[alias::<1>()], std::slice::from_ref(&asked)).unwrap();
    assert_eq!(order(&plan), ["Part<1>"]);
    let alone = graph::plan(vec![by(Strength::Fallback)], &[alias::<1>()], &[asked]).unwrap();
    assert_eq!(order(&alone), ["dyn Speak"]);
}

#[test]
fn a_name_that_is_missing_says_which_there_are() {
    let (node, alias) = named();
    let us = Dependency::required(speak().named("us"));
    let nodes = vec![node, super::node::<1>(1, &[])];
    let problems = graph::plan(nodes, &[alias, self::alias::<1>()], &[needs_one(us)]).unwrap_err();
    assert_eq!(problems[0].subject, "dyn Speak named \"us\"");
    assert_eq!(
        problems[0].notes[1],
        "help: there is one without a name (made at src/parts.rs:1), \"eu\" (made at src/parts.rs:20)"
    );
}

#[test]
fn only_named_ones_are_no_answer_to_one_without_a_name() {
    let (node, _) = named();
    let problems = plan(vec![node], &[handler(&[key::<2>()])]).unwrap_err();
    assert_eq!(problems[0].message, "there is none without a name");
    assert_eq!(
        problems[0].notes[1],
        "help: take one with #[named(\"…\")], or all of them with Vec<Inject<…>>: there is \"eu\" (made at src/parts.rs:20)"
    );
}

#[test]
fn a_trait_that_nobody_implements_says_how_to() {
    mod elsewhere {
        pub(super) trait Speak: Send + Sync {}
    }
    let problems = plan(vec![], &[handler(&[speak()])]).unwrap_err();
    assert_eq!(
        problems[0].notes[1],
        "help: write #[component(as = dyn Speak)] on what implements it, or hand one in with AppBuilder::provide_as"
    );
    let other = handler(&[ComponentKey::of::<dyn elsewhere::Speak>()]);
    let problems = graph::plan(vec![node::<1>(1, &[])], &[alias::<1>()], &[other]).unwrap_err();
    let help = &problems[0].notes[1];
    assert!(
        help.ends_with("(made at src/parts.rs:1): same name, another type"),
        "{help}"
    );
}
