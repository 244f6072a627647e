//! A module that needs a server, a provider that has one, and applications with and without them.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Deserialize;

use super::*;
use crate::app::Module;
use crate::component::{Dependency, Instance, Wiring};
use crate::config::{Arguments, Describe, Field, Properties, Sources};
use crate::error::Error;
use crate::source::Location;

#[derive(Debug, Deserialize)]
struct StoreConfig {
    url: Option<String>,
}

impl Describe for StoreConfig {
    fn fields() -> Vec<Field> {
        vec![Field::new("url", "String", "Where it is.").optional(true)]
    }
}

impl Properties for StoreConfig {
    const PREFIX: &'static str = "store";
    const NAME: &'static str = "StoreConfig";
    const LOCATION: Location = Location::new(file!(), line!());
}

/// The component: where it was when it was built.
struct Store(String);

struct StoreModule;

impl Module for StoreModule {
    fn name(&self) -> &str {
        "store"
    }

    async fn configure(&self, app: &mut AppBuilder) -> Result<()> {
        app.config::<StoreConfig>()?;
        let key = ComponentKey::of::<Store>();
        app.fallback_component(key, Vec::new(), |resolver| {
            let url = resolver.config::<StoreConfig>().and_then(|c| c.url.clone());
            Ok(Box::pin(async move {
                let url = url.ok_or_else(|| Error::internal("no url"))?;
                Ok(Instance::new(Store(url)))
            }))
        });
        app.needs_service(key, "store", "store.url");
        Ok(())
    }
}

#[derive(Clone, Default)]
struct Provider {
    started: Arc<AtomicUsize>,
    fails: bool,
}

impl ServiceProvider for Provider {
    fn name(&self) -> &str {
        "dev services"
    }

    fn offers(&self, kind: &str) -> bool {
        kind == "store"
    }

    async fn provide(&self, need: &ServiceNeed, app: &AppInfo) -> Result<ProvidedService> {
        assert_eq!(app.name, "test");
        self.started.fetch_add(1, Ordering::Relaxed);
        if self.fails {
            return Err(Error::unavailable(
                "the store is not installed\nhelp: apt-get install store",
            ));
        }
        Ok(ProvidedService::at(
            need.key.as_str(),
            "store://here",
            "a store",
        ))
    }
}

fn builder(arguments: &[&str]) -> AppBuilder {
    let mut builder = AppBuilder::new(AppInfo::new("test", "1.2.3"));
    let mut sources = Sources::empty("/nonexistent");
    sources.arguments = Arguments::parse(arguments.iter().copied());
    builder.sources(sources).without_collected_items();
    builder
}

/// A client of another kind of server.
struct Other;

/// Somebody needs the store.
fn with_consumer(app: &mut AppBuilder) {
    app.module(StoreModule);
    app.wiring(Wiring {
        consumer: "handler `items`".to_owned(),
        location: Location::new("src/main.rs", 7),
        dependencies: vec![Dependency::required(ComponentKey::of::<Store>())],
    });
}

#[tokio::test]
async fn what_is_needed_and_not_set_is_started_and_configured() {
    let mut app = builder(&[]);
    let provider = Provider::default();
    app.service_provider(provider.clone());
    assert_eq!(
        app.service_offered("store").as_deref(),
        Some("dev services")
    );
    assert_eq!(app.service_offered("postgres"), None);
    with_consumer(&mut app);
    let app = app.assemble().await.unwrap().start().await.unwrap();
    let context = app.context();
    assert_eq!(context.component::<Store>().unwrap().0, "store://here");
    let origin = context.settings().origin("store.url").unwrap();
    assert_eq!(origin.to_string(), "dev services");
    assert_eq!(
        context.conditions(),
        [Condition {
            module: "dev services".to_owned(),
            active: true,
            reason: "a store, for store.url".to_owned(),
        }]
    );
    // It is there after a reload, and nothing is started again.
    context.reload_config().await.unwrap();
    let config = context.config::<StoreConfig>().unwrap();
    assert_eq!(config.url.as_deref(), Some("store://here"));
    assert_eq!(provider.started.load(Ordering::Relaxed), 1);
    app.stop().await;
}

#[tokio::test]
async fn nothing_is_started_that_is_set_or_that_nobody_needs() {
    let provider = Provider::default();
    let mut set = builder(&["--store.url=store://there"]);
    set.service_provider(provider.clone());
    with_consumer(&mut set);
    let set = set.assemble().await.unwrap().start().await.unwrap();
    let store = set.context().component::<Store>().unwrap();
    assert_eq!(store.0, "store://there");
    set.stop().await;

    let mut unneeded = builder(&[]);
    unneeded
        .service_provider(provider.clone())
        .module(StoreModule);
    unneeded.assemble().await.unwrap();

    let mut check = builder(&["check"]);
    check.service_provider(provider.clone());
    with_consumer(&mut check);
    check.assemble().await.unwrap();
    assert_eq!(provider.started.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_service_that_cannot_be_started_is_in_the_report() {
    let mut app = builder(&[]);
    app.service_provider(Provider {
        fails: true,
        ..Provider::default()
    });
    with_consumer(&mut app);
    let report = app.assemble().await.unwrap_err().to_string();
    let expected = "error: the configuration has 1 problem\n\n  1. store.url: required, and not set\n     needed by the component Store\n     dev services could not start one: the store is not installed\n     help: apt-get install store\n";
    assert_eq!(report, expected);
}

#[tokio::test]
async fn nothing_is_started_for_an_application_with_other_problems() {
    let mut app = builder(&["--store.ulr=x"]);
    let provider = Provider::default();
    app.service_provider(provider.clone());
    with_consumer(&mut app);
    let report = app.assemble().await.unwrap_err().to_string();
    assert!(report.contains("store.ulr: unknown key"), "{report}");
    assert_eq!(provider.started.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn one_key_cannot_be_two_kinds_of_server() {
    let mut app = builder(&[]);
    app.service_provider(Provider::default());
    with_consumer(&mut app);
    app.provide(Other)
        .needs_service(ComponentKey::of::<Other>(), "other", "store.url");
    let report = app.assemble().await.unwrap_err().to_string();
    assert!(
        report.contains("not set, and needed for other by the component Other and for store by the component Store"),
        "{report}"
    );
}

#[tokio::test]
async fn a_key_that_is_taken_out_is_not_set_until_somebody_overrides_it() {
    let mut app = builder(&["--store.url=store://production"]);
    app.service_provider(Provider::default())
        .without_value("store.url");
    with_consumer(&mut app);
    let app = app.assemble().await.unwrap().start().await.unwrap();
    let context = app.context();
    assert_eq!(context.component::<Store>().unwrap().0, "store://here");
    context.reload_config().await.unwrap();
    let config = context.config::<StoreConfig>().unwrap();
    assert_eq!(config.url.as_deref(), Some("store://here"));
    app.stop().await;

    let mut app = builder(&["--store.url=store://production"]);
    app.without_value("store")
        .override_value("store.url", "store://test");
    with_consumer(&mut app);
    let app = app.assemble().await.unwrap().start().await.unwrap();
    let store = app.context().component::<Store>().unwrap();
    assert_eq!(store.0, "store://test");
    app.stop().await;
}

#[tokio::test]
async fn what_a_test_hands_in_replaces_what_main_hands_in() {
    let mut app = builder(&[]);
    app.overriding(|app| {
        app.provide(Store("test".to_owned()));
    })
    .provide(Store("main".to_owned()));
    let app = app.assemble().await.unwrap().start().await.unwrap();
    assert_eq!(app.context().component::<Store>().unwrap().0, "test");
    app.stop().await;
}
