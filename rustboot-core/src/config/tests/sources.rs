//! Stores of secrets: when they are asked, what they beat, and what becomes of a start or reload when they fail.

use std::marker::PhantomData;
use std::sync::{Arc, Mutex};

use tokio::time::Instant;

use super::*;
use crate::app::{Assembly, Module};
use crate::config::{SecretSource, SecretValues};
use crate::error::{Error, ErrorKind, Result as CoreResult};

/// With the one key of the shop that has no default.
fn shop_world() -> World {
    World::new().env("APP_SHOP__LABELS__A", "b")
}

/// A store with one answer, which a test may change.
#[derive(Clone)]
struct Store {
    name: &'static str,
    takes: Duration,
    answer: Arc<Mutex<Answer>>,
    calls: Arc<Mutex<usize>>,
}

#[derive(Clone)]
enum Answer {
    Has(Vec<(&'static str, &'static str)>),
    Fails(ErrorKind, &'static str),
    Panics,
}

impl Store {
    fn new(name: &'static str, answer: Answer) -> Self {
        Self {
            name,
            takes: Duration::ZERO,
            answer: Arc::new(Mutex::new(answer)),
            calls: Arc::default(),
        }
    }

    fn with(name: &'static str, values: &[(&'static str, &'static str)]) -> Self {
        Self::new(name, Answer::Has(values.to_vec()))
    }

    fn taking(mut self, takes: Duration) -> Self {
        self.takes = takes;
        self
    }

    fn now(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }

    fn calls(&self) -> usize {
        *self.calls.lock().unwrap()
    }
}

impl SecretSource for Store {
    fn name(&self) -> &str {
        self.name
    }

    async fn fetch(&self) -> CoreResult<SecretValues> {
        *self.calls.lock().unwrap() += 1;
        tokio::time::sleep(self.takes).await;
        let answer = self.answer.lock().unwrap().clone();
        match answer {
            Answer::Has(entries) => {
                let mut values = SecretValues::default();
                for (name, value) in entries {
                    values.set(name, format!("safe#{name}"), Secret::new(value.to_owned()));
                }
                Ok(values)
            }
            Answer::Fails(kind, text) => Err(Error::new(kind, text)),
            Answer::Panics => panic!("the store is broken"),
        }
    }
}

/// A module that wants a section: and does without it, or cannot.
struct Wants<T> {
    must_have: bool,
    section: PhantomData<fn() -> T>,
}

impl<T> Wants<T> {
    fn new(must_have: bool) -> Self {
        Self {
            must_have,
            section: PhantomData,
        }
    }
}

impl<T: Properties> Module for Wants<T> {
    fn name(&self) -> &str {
        "wants"
    }

    async fn configure(&self, app: &mut AppBuilder) -> CoreResult<()> {
        let section = app.config::<T>().map(drop);
        if self.must_have { section } else { Ok(()) }
    }
}

/// A module that brings stores: in time, or as `main` does.
struct Brings {
    stores: Vec<Store>,
    in_time: bool,
}

impl Module for Brings {
    fn name(&self) -> &str {
        "brings"
    }

    fn secret_sources(&self, app: &mut AppBuilder) -> CoreResult<()> {
        for store in self.stores.iter().filter(|_| self.in_time) {
            app.secret_source(store.clone());
        }
        Ok(())
    }

    async fn configure(&self, app: &mut AppBuilder) -> CoreResult<()> {
        for store in self.stores.iter().filter(|_| !self.in_time) {
            app.secret_source(store.clone());
        }
        Ok(())
    }
}

/// An application with stores that wants a section.
async fn assemble<T: Properties>(world: &World, stores: &[&Store]) -> Result<Assembly, StartError> {
    let mut builder = world.builder();
    builder.module(Wants::<T>::new(false));
    for store in stores {
        builder.secret_source((*store).clone());
    }
    builder.assemble().await
}

async fn failure<T: Properties>(world: &World, stores: &[&Store]) -> (u8, String) {
    let error = assemble::<T>(world, stores).await.unwrap_err();
    (error.exit_code(), error.to_string())
}

fn origin(assembly: &Assembly, key: &str) -> String {
    assembly
        .context()
        .settings()
        .origin(key)
        .unwrap()
        .to_string()
}

#[tokio::test]
async fn a_source_beats_everything_but_the_command_line_and_overrides() {
    let world = shop_world()
        .file(
            "config/app.toml",
            "[shop]\ncurrency = \"file\"\nregion = \"file\"\n",
        )
        .env("APP_SHOP__CURRENCY", "variable")
        .file("secrets/shop__currency", "secret file")
        .file("secrets/shop__port", "2")
        .arg("--shop.region=argument");
    let store = Store::with(
        "safe",
        &[
            ("shop__currency", "from the store"),
            ("shop.region", "from the store"),
            ("shop.mode", "by-invitation"),
            ("shop.delivery.carrier_name", "nobody"),
            ("DATABASE_URL", "postgres://u:p@h/d"),
            ("shopless", "x"),
        ],
    );
    let mut builder = world.builder();
    builder.module(Wants::<Shop>::new(true));
    builder
        .secret_source(store)
        .override_value("shop.mode", "open");
    let assembly = builder.assemble().await.unwrap();
    let shop = assembly.context().config::<Shop>().unwrap();
    assert_eq!(shop.currency, "from the store");
    assert_eq!(shop.port, 2, "what it does not have comes from below");
    assert_eq!(shop.region.as_deref(), Some("argument"));
    assert_eq!(shop.mode, Mode::Open);
    assert_eq!(shop.delivery.carrier.as_deref(), Some("nobody"));
    assert_eq!(
        origin(&assembly, "shop.currency"),
        "secret safe safe#shop__currency"
    );
    assert_eq!(
        origin(&assembly, "database.url"),
        "secret safe safe#DATABASE_URL"
    );
    let warnings = assembly.warnings().join("\n");
    assert!(
        warnings.contains("safe#shopless of the secret source safe is not a key"),
        "{warnings}"
    );
}

#[tokio::test(start_paused = true)]
async fn all_are_asked_at_the_same_time_and_the_later_one_wins() {
    let second = Duration::from_secs(1);
    let slow =
        Store::with("one", &[("shop.currency", "A"), ("shop.region", "A")]).taking(3 * second);
    let quick = Store::with("two", &[("shop.currency", "B")]).taking(second);
    let began = Instant::now();
    let assembly = assemble::<Shop>(&shop_world(), &[&slow, &quick])
        .await
        .unwrap();
    assert_eq!(began.elapsed(), 3 * second);
    let shop = assembly.context().config::<Shop>().unwrap();
    assert_eq!(
        (shop.currency.as_str(), shop.region.as_deref()),
        ("B", Some("A"))
    );
}

#[tokio::test(start_paused = true)]
async fn a_source_that_does_not_answer_fails_the_start_with_69_and_its_name() {
    let stuck = Store::with("stuck", &[]).taking(Duration::from_secs(3600));
    let down = Store::new(
        "down",
        Answer::Fails(
            ErrorKind::Unavailable,
            "connection refused at http://u:p@h/",
        ),
    );
    let began = Instant::now();
    let (code, text) = failure::<Needy>(&shop_world(), &[&stuck, &down]).await;
    assert_eq!(began.elapsed(), Duration::from_secs(10));
    assert_eq!(code, 69);
    assert_eq!(
        text,
        "error: the secret source stuck: it did not answer within 10s\n\
         error: the secret source down: connection refused at http://***@h/\n",
        "nothing that it may have is reported as missing"
    );
}

#[tokio::test]
async fn a_source_that_is_set_up_wrongly_is_in_the_report_with_everything_else() {
    let world = shop_world().file("config/app.toml", "[needy]\nport = \"x\"\n");
    let wrong = Store::new(
        "wrong",
        Answer::Fails(ErrorKind::Configuration, "403, permission denied"),
    );
    let down = Store::new(
        "down",
        Answer::Fails(ErrorKind::Unavailable, "connection refused"),
    );
    let (code, text) = failure::<Needy>(&world, &[&wrong, &down]).await;
    assert_eq!(code, 78);
    assert_eq!(
        text,
        "error: the configuration has 3 problems\n\n  \
         1. needy.port: expected a number from 0 to 65535, found \"x\"\n     \
         set in config/app.toml:2\n  \
         2. secret source down: connection refused\n  \
         3. secret source wrong: 403, permission denied\n"
    );
    let broken = Store::new("broken", Answer::Panics);
    let (code, text) = failure::<Shop>(&shop_world(), &[&broken]).await;
    assert_eq!(
        (code, text.as_str()),
        (1, "error: the secret source broken: it panicked\n")
    );
}

#[tokio::test]
async fn a_wrong_value_is_reported_with_its_place_and_without_itself() {
    let store = Store::with(
        "safe",
        &[("shop__port", "canary7f3a9"), ("shop.hold", "canary")],
    );
    let (code, text) = failure::<Shop>(&shop_world(), &[&store]).await;
    assert_eq!(code, 78);
    assert!(
        text.contains("set by the secret source safe (safe#shop__port)"),
        "{text}"
    );
}

#[tokio::test]
async fn commands_that_open_nothing_do_not_ask_and_do_not_call_it_missing() {
    let world = shop_world().arg("check");
    let store = Store::with(
        "safe",
        &[
            ("needy__api_key", "k"),
            ("needy__currency", "EUR"),
            ("needy__depth__level", "1"),
        ],
    );
    let assembly = assemble::<Needy>(&world, &[&store]).await.unwrap();
    assert_eq!(store.calls(), 0);
    let awaited: Vec<&str> = assembly
        .awaited
        .iter()
        .map(|p| p.subject.as_str())
        .collect();
    assert_eq!(
        awaited,
        ["needy.currency", "needy.api_key", "needy.depth.level"]
    );

    // What is wrong for sure is still wrong.
    let (code, text) = failure::<Needy>(
        &shop_world().arg("check").env("APP_NEEDY__PORT", "x"),
        &[&store],
    )
    .await;
    assert_eq!(code, 78);
    assert!(
        text.starts_with("error: the configuration has 1 problem\n\n  1. needy.port: "),
        "{text}"
    );

    let assembly = assemble::<Needy>(&shop_world().arg("check").arg("--connect"), &[&store])
        .await
        .unwrap();
    assert_eq!((store.calls(), assembly.awaited.len()), (1, 0));
}

#[tokio::test]
async fn a_module_that_cannot_do_without_says_so_in_a_check() {
    let mut builder = shop_world().arg("check").builder();
    builder
        .module(Wants::<Needy>::new(true))
        .secret_source(Store::with("safe", &[]));
    let text = builder.assemble().await.unwrap_err().to_string();
    assert!(
        text.contains("module wants: cannot be configured without needy.currency, needy.api_key"),
        "{text}"
    );
    assert!(
        text.contains("they may come from the secret source safe, which was not asked"),
        "{text}"
    );
}

#[tokio::test]
async fn modules_bring_sources_in_time_and_main_may_still_do_so_later() {
    for in_time in [true, false] {
        let mut builder = shop_world().builder();
        let store = Store::with("safe", &[("shop.currency", "GBP")]);
        builder.module(Brings {
            stores: vec![store.clone()],
            in_time,
        });
        builder.module(Wants::<Shop>::new(true));
        let assembly = builder.assemble().await.unwrap();
        assert_eq!(assembly.context().config::<Shop>().unwrap().currency, "GBP");
        assert_eq!(store.calls(), 1);
    }
    // Too late for a section that was bound before: said, and not passed over.
    for in_time in [true, false] {
        let mut builder = shop_world().builder();
        builder.module(Wants::<Shop>::new(true));
        builder.module(Brings {
            stores: vec![Store::with("safe", &[("shop.currency", "GBP")])],
            in_time,
        });
        match builder.assemble().await {
            Ok(assembly) => {
                assert!(in_time);
                assert_eq!(assembly.context().config::<Shop>().unwrap().currency, "GBP");
            }
            Err(error) => {
                assert!(!in_time);
                let text = error.to_string();
                assert!(
                    text.contains(
                        "shop.currency: read before the secret source was there that has it"
                    ),
                    "{text}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_reload_asks_again_and_keeps_what_it_had_when_the_source_is_down() {
    let world = shop_world().file("config/app.toml", "");
    let store = Store::with("safe", &[("shop.api_key", "one")]);
    let assembly = assemble::<Shop>(&world, &[&store]).await.unwrap();
    let app = assembly.start().await.unwrap();
    let shop = app.context().config::<Shop>().unwrap();

    store.now(Answer::Has(vec![("shop.api_key", "two")]));
    let change = app.context().reload_config().await.unwrap();
    assert_eq!(change.keys, ["shop.api_key"]);
    assert_eq!(shop.api_key.expose_secret(), "two");

    store.now(Answer::Fails(ErrorKind::Unavailable, "down"));
    std::fs::write(world.path().join("config/app.toml"), "[shop]\nport = 7\n").unwrap();
    let change = app.context().reload_config().await.unwrap();
    assert_eq!(change.keys, ["shop.port"]);
    assert_eq!(
        (shop.api_key.expose_secret().as_str(), shop.port),
        ("two", 7)
    );

    store.now(Answer::Fails(ErrorKind::Configuration, "403"));
    std::fs::write(world.path().join("config/app.toml"), "[shop]\nport = 8\n").unwrap();
    let report = app.context().reload_config().await.unwrap_err().to_string();
    assert!(report.contains("secret source safe: 403"), "{report}");
    assert_eq!(shop.port, 7, "nothing changes");
    app.stop().await;
}
