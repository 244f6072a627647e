//! The module in an application.

use rustboot_core::app::{Assembly, StartError};
use rustboot_core::component::{ComponentKey, Dependency, TakenByName as _, Wiring};
use rustboot_core::config::Sources;
use rustboot_core::source::Location;
use rustboot_core::{AppBuilder, AppInfo};
use tempfile::TempDir;

use super::*;

async fn assemble(
    dir: &TempDir,
    toml: &str,
    needed: &[Dependency],
) -> std::result::Result<Assembly, StartError> {
    let config = dir.path().join("config");
    std::fs::create_dir_all(&config).unwrap();
    std::fs::write(config.join("app.toml"), toml).unwrap();
    let mut app = AppBuilder::new(AppInfo::new("shop", "1.0.0"));
    app.sources(Sources::empty(dir.path()))
        .without_collected_items()
        .module(CacheModule)
        .wiring(Wiring {
            consumer: "handler `items`".to_owned(),
            location: Location::new("src/main.rs", 7),
            dependencies: needed.to_vec(),
        });
    app.assemble().await
}

fn main_cache() -> Dependency {
    Dependency::required(ComponentKey::of::<Cache>())
}

#[tokio::test]
async fn caches_are_taken_by_type_and_by_name_and_close_with_the_application() {
    let dir = tempfile::tempdir().unwrap();
    let toml = "[cache]\nmax_bytes = \"4MiB\"\n[caches.links]\nttl = \"5m\"\n[caches.off]\nenabled = false\n";
    let needed = [
        main_cache(),
        Cache::dependency_named("links"),
        Cache::dependency_named("off"),
    ];
    let app = assemble(&dir, toml, &needed).await.unwrap();
    assert!(app.warnings().is_empty(), "{:?}", app.warnings());
    let conditions: Vec<_> = app.context().conditions().iter().collect();
    assert!(
        conditions
            .iter()
            .all(|condition| condition.module == "cache")
    );
    let reasons: Vec<_> = conditions
        .iter()
        .map(|condition| (condition.active, condition.reason.as_str()))
        .collect();
    let tiers = match cfg!(feature = "redis") {
        true => "in the memory of each replica, since no redis.url is set",
        false => "in the memory of each replica",
    };
    let main = format!("default: {tiers}; up to 4MiB in memory; made when something takes it");
    let links =
        format!("links: {tiers}; up to 10000 entries in memory; made when something takes it");
    let off = "off: caches.off.enabled is false: everything is loaded each time";
    assert_eq!(
        reasons,
        [(true, main.as_str()), (true, &links), (false, off)]
    );

    let app = app.start().await.unwrap();
    let resolver = app.context().resolver();
    let main = <Cache as rustboot_core::component::Injectable>::inject(&resolver).unwrap();
    let links = Cache::inject_named(&resolver, "links").unwrap();
    assert_eq!((main.name(), links.name()), ("default", "links"));
    main.insert("k", MINUTE, 1).await;
    assert_eq!(links.get::<i32>("k").await, None);

    let source = Source::held();
    let waiting = main.get_or_load("slow", MINUTE, || source.number());
    let (waiting, code) = tokio::join!(waiting, async {
        settle().await;
        app.stop().await
    });
    assert_eq!(code, 0);
    assert_eq!(waiting.unwrap_err().kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn one_that_nothing_takes_is_a_warning_and_is_not_made() {
    let dir = tempfile::tempdir().unwrap();
    let app = assemble(&dir, "[cache]\n[caches.links]\n", &[])
        .await
        .unwrap();
    assert_eq!(
        app.warnings(),
        [
            "[caches.links] is configured, and nothing takes it: `#[named(\"links\")] cache: Cache` does"
        ]
    );
    let app = app.start().await.unwrap();
    assert!(app.context().component::<Cache>().is_none());
    assert_eq!(app.stop().await, 0);
}

#[tokio::test]
async fn a_name_that_is_not_configured_is_in_the_report() {
    let dir = tempfile::tempdir().unwrap();
    let error = assemble(&dir, "", &[Cache::dependency_named("lnks")])
        .await
        .unwrap_err();
    assert_eq!(error.exit_code(), 78);
    assert!(error.to_string().contains("lnks"), "{error}");
}

#[tokio::test]
async fn wrong_values_are_all_in_the_report_and_nothing_that_follows_from_them() {
    let dir = tempfile::tempdir().unwrap();
    let toml = "[cache]\nttl = \"0s\"\njitter = 1.5\nmax_entries = 0\nmax_bytes = \"1MiB\"\n[caches.a]\nload_timeout = \"0s\"\n[caches.b]\ntll = \"1s\"\n";
    let needed = [main_cache(), Cache::dependency_named("a")];
    let text = assemble(&dir, toml, &needed).await.unwrap_err().to_string();
    for part in [
        "the configuration has 6 problems",
        "cache.ttl: expected more than 0; `enabled = false` switches the cache off",
        "cache.jitter: expected a part from 0 to 1",
        "cache.max_entries: expected at least 1",
        "cache.max_bytes: set this or max_entries, not both",
        "caches.a.load_timeout: expected more than 0",
        "caches.b.tll: unknown key, did you mean `ttl`?",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[tokio::test]
async fn a_reload_changes_what_comes_and_switches_off() {
    let dir = tempfile::tempdir().unwrap();
    let needed = [main_cache(), Cache::dependency_named("links")];
    let app = assemble(&dir, "[cache]\n[caches.links]\n", &needed)
        .await
        .unwrap();
    let app = app.start().await.unwrap();
    let cache = app.context().component::<Cache>().unwrap();
    let links = app
        .context()
        .components()
        .get::<Cache>(Some("links"))
        .unwrap();
    cache.insert("k", None, 1).await;
    links.insert("k", None, 1).await;

    let toml = "[cache]\nenabled = false\n[caches.links]\nttl = \"1ms\"\njitter = 0.0\n";
    std::fs::write(dir.path().join("config/app.toml"), toml).unwrap();
    app.context().reload_config().await.unwrap();
    assert_eq!(cache.get::<i32>("k").await, None);
    assert_eq!(cache.count(), (0, 0));
    assert_eq!(links.get::<i32>("k").await, Some(1));
    links.insert("new", None, 1).await;
    tokio::time::sleep(Duration::from_millis(2)).await;
    assert_eq!(links.get::<i32>("new").await, None);

    std::fs::write(
        dir.path().join("config/app.toml"),
        "[cache]\n[caches.links]\n",
    )
    .unwrap();
    app.context().reload_config().await.unwrap();
    cache.insert("k", None, 2).await;
    assert_eq!(cache.get::<i32>("k").await, Some(2));
    app.stop().await;
}

#[cfg(feature = "axum")]
#[tokio::test]
async fn a_handler_takes_it_as_a_parameter() {
    use axum_core::extract::FromRequestParts as _;
    let dir = tempfile::tempdir().unwrap();
    let app = assemble(&dir, "", &[main_cache()]).await.unwrap();
    let app = app.start().await.unwrap();
    let (mut parts, ()) = http::Request::new(()).into_parts();
    let cache = Cache::from_request_parts(&mut parts, app.context()).await;
    assert_eq!(cache.unwrap().name(), "default");
    app.stop().await;
}
