//! Trait objects, names and all of a kind compile without a warning, in every kind of function.

#![deny(warnings)]

use rustboot::__private::{AliasDef, ComponentDef, RouteDef, inventory};
use rustboot::prelude::*;

trait Mailer: Send + Sync {}
trait Audited {}

struct Smtp;

impl Mailer for Smtp {}
impl Audited for Smtp {}

const SMTP_LINE: u32 = line!() + 2;
#[component(name = "eu", as = dyn Mailer, as = dyn Audited + Send + Sync)]
async fn smtp() -> Result<Smtp> {
    Ok(Smtp)
}

struct Post;

#[component]
fn post_office(
    #[named("eu")] eu: Inject<dyn Mailer>,
    #[named("us")] us: Option<Inject<dyn Mailer>>,
    all: Vec<Inject<dyn Mailer>>,
) -> Post {
    let _ = (eu, us, all);
    Post
}

#[on_start]
async fn warm(#[named("eu")] _eu: Inject<Smtp>) {}

#[scheduled(every = "1m")]
async fn send(#[named("eu")] _eu: Inject<Smtp>, _all: Vec<Inject<Smtp>>) {}

#[get("/mail/{id}")]
#[post("/mail/{id}")]
async fn mail(
    #[named("eu")] eu: Inject<Smtp>,
    Path(id): Path<u8>,
    #[named("us")] us: Option<Inject<dyn Mailer>>,
    all: Vec<Inject<dyn Mailer>>,
    body: String,
) -> impl IntoResponse {
    let _ = (eu, us, all, body);
    id.to_string()
}

#[test]
fn a_definition_says_what_stands_for_it_and_what_it_needs() {
    let mut aliases: Vec<(String, String, u32)> = inventory::iter::<AliasDef>()
        .filter(|def| def.location.file == file!())
        .map(|def| {
            (
                (def.key)().to_string(),
                (def.component)().to_string(),
                def.location.line,
            )
        })
        .collect();
    aliases.sort();
    let eu = |alias: &str| (alias.to_owned(), "Smtp named \"eu\"".to_owned(), SMTP_LINE);
    assert_eq!(
        aliases,
        [
            eu("dyn Audited + Send + Sync named \"eu\""),
            eu("dyn Mailer named \"eu\"")
        ]
    );
    let needs = |dependencies: Vec<rustboot::__private::Dependency>| -> Vec<String> {
        dependencies
            .iter()
            .map(|need| format!("{:?} {}", need.kind, need.key))
            .collect()
    };
    let expected = [
        "Required dyn Mailer named \"eu\"",
        "Optional dyn Mailer named \"us\"",
        "All dyn Mailer",
    ];
    let post = inventory::iter::<ComponentDef>()
        .find(|def| (def.key)().to_string() == "Post")
        .unwrap();
    assert_eq!(needs((post.dependencies)()), expected);
    let routes = || inventory::iter::<RouteDef>().filter(|route| route.location.file == file!());
    for route in routes() {
        assert_eq!(
            needs((route.dependencies)()),
            ["Required Smtp named \"eu\"", expected[1], expected[2]]
        );
    }
    assert_eq!(routes().count(), 2);
}
