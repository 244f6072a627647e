//! Trait objects, names, all of a kind, overrides and health checks, as an application writes them.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on should say where"
)]

use std::sync::Arc;
use std::time::Duration;

use rustboot::core::config::Arguments;
use rustboot::core::health::{HealthBody, HealthReport, Status};
use rustboot::core::management::Reply;
use rustboot::prelude::*;
use rustboot::serde_json::{Value, json};
use rustboot::tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use rustboot::tokio::net::TcpStream;
use rustboot::{App, RunningApp, Sources};

trait Mailer: Send + Sync {
    fn sends(&self) -> String;
}

trait Audited: Send + Sync {
    fn audit(&self) -> &'static str;
}

struct Smtp(&'static str);

impl Mailer for Smtp {
    fn sends(&self) -> String {
        format!("smtp {}", self.0)
    }
}

impl Audited for Smtp {
    fn audit(&self) -> &'static str {
        self.0
    }
}

struct Pigeon;

impl Mailer for Pigeon {
    fn sends(&self) -> String {
        "pigeon".into()
    }
}

#[component(name = "eu", as = dyn Mailer, as = dyn Audited)]
async fn smtp_eu() -> std::io::Result<Smtp> {
    Ok(Smtp("eu"))
}

#[component(as = dyn Mailer)]
fn pigeon() -> Pigeon {
    Pigeon
}

/// What takes what, in one line.
struct Seen(String);

#[component]
fn seen(
    one: Inject<dyn Mailer>,
    #[named("eu")] eu: Inject<dyn Mailer>,
    #[named("us")] us: Option<Inject<Smtp>>,
    all: Vec<Inject<dyn Mailer>>,
    nothing: Vec<Inject<String>>,
) -> Seen {
    let all: Vec<String> = all.iter().map(|mailer| mailer.sends()).collect();
    Seen(format!(
        "{}, {}, {}, {}, {}",
        one.sends(),
        eu.sends(),
        us.is_some(),
        all.join("+"),
        nothing.len()
    ))
}

#[get("/seen")]
#[post("/seen")]
async fn shown(
    #[named("eu")] eu: Inject<Smtp>,
    seen: Inject<Seen>,
    all: Vec<Inject<dyn Mailer>>,
) -> impl IntoResponse {
    format!("{}; {} {}", seen.0, eu.0, all.len())
}

#[on_start]
async fn audited(#[named("eu")] audited: Inject<dyn Audited>) -> Result<()> {
    assert!(["eu", "test"].contains(&audited.audit()));
    Ok(())
}

#[health("post", critical = false, timeout = "50ms")]
async fn post_office(#[named("eu")] mailer: Inject<dyn Mailer>) -> Result<()> {
    Err(Error::unavailable(format!("{} is closed", mailer.sends())))
}

#[health("clock")]
async fn clock(app: AppContext) -> Health {
    Health::up().with("uptime_is_known", app.uptime() > Duration::ZERO)
}

#[health("stairs", critical = false, timeout = "20ms")]
async fn stairs() -> std::io::Result<Health> {
    rustboot::tokio::time::sleep(Duration::from_secs(10)).await;
    Ok(Health::up())
}

fn builder() -> AppBuilder {
    let mut sources = Sources::empty("/nonexistent");
    sources.arguments = Arguments::parse(["--server.port=0", "--log.level=off"]);
    let mut app = App::builder();
    app.sources(sources);
    app
}

async fn start(app: AppBuilder) -> RunningApp {
    app.assemble().await.unwrap().start().await.unwrap()
}

async fn ask(app: &RunningApp, method: &str, path: &str) -> (u16, String) {
    let address = app.addresses()[0].trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!("{method} {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), body.to_owned())
}

#[tokio::test]
async fn traits_names_and_all_of_a_kind_are_taken_everywhere() {
    let app = start(builder()).await;
    let seen = "pigeon, smtp eu, false, pigeon+smtp eu, 0; eu 2";
    // The first attribute leaves the names to the second.
    assert_eq!(ask(&app, "GET", "/seen").await, (200, seen.to_owned()));
    assert_eq!(ask(&app, "POST", "/seen").await, (200, seen.to_owned()));
    app.stop().await;
}

#[tokio::test]
async fn overrides_take_the_place_of_what_is_declared() {
    struct Fake;
    impl Mailer for Fake {
        fn sends(&self) -> String {
            "fake".into()
        }
    }
    let mut app = builder();
    app.provide_as::<dyn Mailer>(Arc::new(Fake));
    let app = start(app).await;
    let seen = app.context().component::<Seen>().unwrap();
    assert!(seen.0.starts_with("fake, smtp eu, "), "{}", seen.0);
    app.stop().await;

    let mut app = builder();
    app.provide_named("eu", Smtp("test"));
    app.replace_component(async || Ok(Seen("made by a test".into())));
    let app = start(app).await;
    let context = app.context();
    assert_eq!(context.component::<Seen>().unwrap().0, "made by a test");
    let eu = context.components().get::<dyn Mailer>(Some("eu")).unwrap();
    assert_eq!(
        eu.sends(),
        "smtp test",
        "a value by hand is found as the trait as well"
    );
    app.stop().await;
}

#[tokio::test]
async fn checks_say_how_they_are() {
    let app = start(builder()).await;
    let (status, body) = ask(&app, "GET", "/health").await;
    let body: Value = rustboot::serde_json::from_str(&body).unwrap();
    assert_eq!(
        (status, &body["status"]),
        (200, &json!("DEGRADED")),
        "{body}"
    );
    let post = &body["components"]["post"];
    assert_eq!(post["status"], "DOWN");
    assert_eq!(post["critical"], false);
    assert_eq!(post["details"]["error"], "smtp eu is closed");
    assert_eq!(
        body["components"]["clock"]["details"]["uptime_is_known"],
        true
    );
    assert_eq!(
        body["components"]["stairs"]["details"]["error"],
        "no answer within 20ms"
    );
    assert_eq!(ask(&app, "GET", "/ready").await.0, 200);
    app.stop().await;
}

#[tokio::test]
async fn the_application_may_have_a_health_body_of_its_own() {
    struct ForTheBalancer;
    impl HealthBody for ForTheBalancer {
        fn report(&self, report: &HealthReport, app: &AppContext, _details: bool) -> Reply {
            assert_eq!(report.status, Status::Degraded);
            Reply::json(203, &json!({ app.info().name: "fine" }))
        }
    }
    let mut app = builder();
    app.health_body(ForTheBalancer);
    let app = start(app).await;
    assert_eq!(
        ask(&app, "GET", "/health").await,
        (203, r#"{"app":"fine"}"#.to_owned())
    );
    let (status, post) = ask(&app, "GET", "/health/post").await;
    assert_eq!(status, 503);
    assert!(post.contains("smtp eu is closed"), "{post}");
    app.stop().await;
}

#[tokio::test]
async fn names_of_checks_are_unique() {
    struct Post;
    impl rustboot::core::health::HealthIndicator for Post {
        fn name(&self) -> &str {
            "post"
        }
        fn check(&self) -> rustboot::core::component::BoxFuture<'_, Health> {
            Box::pin(async { Health::up() })
        }
    }
    let mut app = builder();
    app.health(Post);
    let report = app.assemble().await.unwrap_err().to_string();
    assert!(
        report.contains("health check \"post\": there are 2 of this name"),
        "{report}"
    );
    assert_eq!(
        report.matches("declared at tests/wiring.rs:").count(),
        2,
        "{report}"
    );

    let mut app = builder();
    app.health_of(|_| Ok(Some(Arc::new(Post))));
    let error = app.assemble().await.unwrap().start().await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("two health checks named \"post\""),
        "{error}"
    );
}

#[tokio::test]
async fn what_is_wired_is_shown_with_the_traits_and_names_it_is_found_under() {
    let app = start(builder()).await;
    let (status, body) = ask(&app, "GET", "/components").await;
    assert_eq!(status, 200);
    let body: Value = rustboot::serde_json::from_str(&body).unwrap();
    let components = body["components"].as_array().unwrap();
    let find = |name: &str| {
        let found = components.iter().find(|shown| {
            shown["type"]
                .as_str()
                .is_some_and(|shown| shown.ends_with(name))
        });
        found.unwrap_or_else(|| panic!("{name}: {body}"))
    };
    let smtp = find("::Smtp");
    assert_eq!(smtp["name"], "eu");
    let location = smtp["location"].as_str().unwrap();
    assert!(location.starts_with("tests/wiring.rs:"), "{location}");
    let seen_as = smtp["as"].as_array().unwrap();
    assert!(
        seen_as
            .iter()
            .any(|seen| seen["type"] == "dyn wiring::Mailer"
                && seen["name"] == "eu"
                && seen["primary"] == true),
        "{smtp}"
    );
    let needs = find("::Seen")["needs"].as_array().unwrap();
    assert!(needs.contains(&json!("Smtp named \"eu\"")), "{needs:?}");
    app.stop().await;
}
