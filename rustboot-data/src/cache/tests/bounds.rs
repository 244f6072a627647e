//! What a client can make a cache keep is bounded; what a cache does is counted.

use std::sync::Arc;

use metrics_exporter_prometheus::PrometheusBuilder;
use rustboot_core::ByteSize;

use super::*;

#[tokio::test]
async fn there_are_no_more_values_than_allowed() {
    let cache = cache_with(|config| config.max_entries = Some(100));
    for n in 0..10_000 {
        cache.insert(&n.to_string(), MINUTE, n).await;
    }
    let (entries, _) = cache.count();
    assert!(entries <= 100, "{entries}");
}

#[tokio::test]
async fn a_flood_of_new_keys_does_not_push_out_what_is_asked_for() {
    let cache = cache_with(|config| config.max_entries = Some(100));
    cache.insert("hot", MINUTE, 0).await;
    for n in 0..10_000 {
        if n % 10 == 0 {
            assert_eq!(cache.get::<i32>("hot").await, Some(0), "after {n}");
        }
        cache.insert(&n.to_string(), MINUTE, n).await;
    }
}

#[tokio::test]
async fn there_are_no_more_bytes_than_allowed() {
    let cache = cache_with(|config| config.max_bytes = Some(ByteSize::bytes(1 << 20)));
    let kibibyte = "x".repeat(1024);
    for n in 0..5_000 {
        cache.insert(&n.to_string(), MINUTE, kibibyte.clone()).await;
    }
    let (entries, _) = cache.count();
    assert!((500..1024).contains(&entries), "{entries}");
    // One that is larger than all the room there is.
    cache.insert("huge", MINUTE, "x".repeat(2 << 20)).await;
    cache.count();
    assert_eq!(cache.get::<String>("huge").await, None);
}

#[tokio::test]
async fn a_key_that_is_too_long_is_loaded_each_time() {
    let (cache, source) = (cache(), Source::quick());
    let longest = "k".repeat(1024);
    let longer = "k".repeat(1025);
    for key in [&longest, &longest, &longer, &longer] {
        let loaded = cache.get_or_load(key, MINUTE, || source.number());
        loaded.await.unwrap();
    }
    assert_eq!(source.asked(), 3);
    cache.insert(&longer, MINUTE, 1).await;
    assert_eq!(cache.get::<i32>(&longer).await, None);
    assert_eq!(cache.count(), (1, 0));
}

#[tokio::test]
async fn switched_off_it_keeps_nothing() {
    let cache = cache_with(|config| config.enabled = false);
    let source = Source::quick();
    for expected in 1..4 {
        let loaded = cache.get_or_load("k", MINUTE, || source.number()).await;
        assert_eq!(loaded.unwrap(), expected);
    }
    cache.insert("k", MINUTE, 1).await;
    assert_eq!(cache.get::<i32>("k").await, None);
    assert_eq!(cache.count(), (0, 0));
}

#[tokio::test]
async fn what_is_expensive_to_clone_is_shared() {
    let cache = cache();
    let large = Arc::new(vec![1_u8; 1 << 20]);
    cache.insert("k", MINUTE, Arc::clone(&large)).await;
    let found = cache.get::<Arc<Vec<u8>>>("k").await.unwrap();
    assert!(Arc::ptr_eq(&found, &large));
    // As another type it is not there.
    assert_eq!(cache.get::<Vec<u8>>("k").await, None);
}

#[tokio::test]
async fn a_value_that_cannot_be_weighed_is_not_kept() {
    #[derive(Debug, Clone, PartialEq, serde::Deserialize)]
    struct Odd;
    impl serde::Serialize for Odd {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("on purpose"))
        }
    }
    let cache = cache_with(|config| config.max_bytes = Some(ByteSize::bytes(1 << 20)));
    cache.insert("k", MINUTE, 1_u8).await;
    cache.insert("k", MINUTE, Odd).await;
    assert_eq!(cache.get::<Odd>("k").await, None);
    let loaded = cache.get_or_load("k", MINUTE, || async { Ok(Odd) }).await;
    assert_eq!(loaded.unwrap(), Odd);
    assert_eq!(cache.count(), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn it_is_counted() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let _guard = ::metrics::set_default_local_recorder(&recorder);
    let cache = cache_with(|config| {
        config.max_entries = Some(2);
        config.load_timeout = SECOND;
    });
    let source = Source::quick();
    let ttl = Ttl::of(MINUTE).stale(MINUTE);
    for _ in 0..3 {
        let loaded = cache.get_or_load("k", ttl, || source.number()).await;
        assert_eq!(loaded.unwrap(), 1);
    }
    assert_eq!(cache.get::<u8>("nothing").await, None);
    tokio::time::advance(MINUTE).await;
    let stale = cache.get_or_load("k", ttl, || source.number()).await;
    assert_eq!(stale.unwrap(), 1);
    settle().await;
    let failed = cache.get_or_load("f", ttl, || async { Err::<u8, _>(Error::internal("")) });
    failed.await.unwrap_err();
    let slow = cache.get_or_load("s", ttl, || Source::held().number());
    slow.await.unwrap_err();
    cache.get::<u8>(&"k".repeat(2000)).await;
    for n in 0..10 {
        cache.insert(&n.to_string(), MINUTE, n).await;
    }
    cache.count();
    let text = handle.render();
    for line in [
        r#"cache_hits_total{cache="test",tier="memory",state="fresh"} 2"#,
        r#"cache_hits_total{cache="test",tier="memory",state="stale"} 1"#,
        r#"cache_misses_total{cache="test"} 4"#,
        r#"cache_load_duration_seconds_count{cache="test",outcome="success"} 2"#,
        r#"cache_load_duration_seconds_count{cache="test",outcome="error"} 1"#,
        r#"cache_load_duration_seconds_count{cache="test",outcome="timeout"} 1"#,
        r#"cache_evictions_total{cache="test",cause="size"} 9"#,
        r#"cache_refused_total{cache="test",reason="key"} 1"#,
        r#"cache_entries{cache="test"} 2"#,
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    cache.clear().await;
    assert!(handle.render().contains(r#"cache_entries{cache="test"} 0"#));
}
