//! For how long a value is kept: fresh, stale, absent, and with jitter.

use super::*;

async fn load(cache: &Cache, ttl: impl Into<Ttl>, source: &Source) -> usize {
    let loaded = cache.get_or_load("k", ttl, || source.number()).await;
    loaded.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_value_is_loaded_again_when_its_time_is_over() {
    let (cache, source) = (cache(), Source::quick());
    assert_eq!(load(&cache, MINUTE, &source).await, 1);
    tokio::time::advance(MINUTE - SECOND).await;
    assert_eq!(load(&cache, MINUTE, &source).await, 1);
    tokio::time::advance(SECOND).await;
    assert_eq!(cache.get::<usize>("k").await, None);
    assert_eq!(load(&cache, MINUTE, &source).await, 2);
}

#[tokio::test(start_paused = true)]
async fn without_a_ttl_of_its_own_a_value_has_that_of_the_configuration() {
    let cache = cache_with(|config| config.ttl = SECOND);
    let source = Source::quick();
    assert_eq!(load(&cache, None, &source).await, 1);
    tokio::time::advance(SECOND).await;
    assert_eq!(load(&cache, Ttl::default(), &source).await, 2);
}

#[tokio::test]
async fn a_ttl_of_nothing_keeps_nothing() {
    let (cache, source) = (cache(), Source::quick());
    assert_eq!(load(&cache, Duration::ZERO, &source).await, 1);
    assert_eq!(load(&cache, Duration::ZERO, &source).await, 2);
    cache.insert("k", MINUTE, 7_usize).await;
    cache.insert("k", Duration::ZERO, 8_usize).await;
    assert_eq!(cache.get::<usize>("k").await, None);
}

#[tokio::test]
async fn a_ttl_longer_than_time_itself_is_long() {
    let cache = cache();
    cache
        .insert("k", Ttl::of(Duration::MAX).stale(Duration::MAX), 1_u8)
        .await;
    assert_eq!(cache.get::<u8>("k").await, Some(1));
}

#[tokio::test(start_paused = true)]
async fn values_that_were_loaded_together_do_not_expire_together() {
    let cache = cache_with(|config| config.jitter = 0.5);
    for n in 0..200 {
        cache.insert(&n.to_string(), MINUTE, n).await;
    }
    let there = async || {
        let mut count = 0;
        for n in 0..200 {
            count += usize::from(cache.get::<i32>(&n.to_string()).await.is_some());
        }
        count
    };
    tokio::time::advance(MINUTE / 2 - Duration::from_millis(1)).await;
    assert_eq!(there().await, 200);
    tokio::time::advance(MINUTE / 4).await;
    let half = there().await;
    assert!((40..160).contains(&half), "{half}");
    tokio::time::advance(MINUTE / 4 + Duration::from_millis(1)).await;
    assert_eq!(there().await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_stale_value_is_given_out_while_one_load_gets_a_new_one() {
    let (cache, source) = (cache(), Source::held());
    let ttl = Ttl::of(MINUTE).stale(MINUTE);
    source.let_answer(1);
    assert_eq!(load(&cache, ttl, &source).await, 1);
    tokio::time::advance(MINUTE).await;
    for _ in 0..100 {
        assert_eq!(load(&cache, ttl, &source).await, 1);
    }
    settle().await;
    assert_eq!(source.asked(), 2);
    // Who wants to know, and loads nothing, is not given what is old.
    assert_eq!(cache.get::<usize>("k").await, None);
    source.let_answer(1);
    settle().await;
    assert_eq!(load(&cache, ttl, &source).await, 2);
    assert_eq!(source.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_stale_value_that_cannot_be_loaded_anew_is_given_out_until_its_end() {
    let (cache, source) = (cache(), Source::quick());
    let ttl = Ttl::of(MINUTE).stale(MINUTE);
    assert_eq!(load(&cache, ttl, &source).await, 1);
    tokio::time::advance(MINUTE).await;
    let failing = || source.ask(|_| Err::<usize, _>(Error::unavailable("down")));
    let ask = async || {
        let answer = cache.get_or_load("k", ttl, failing).await;
        settle().await;
        answer
    };
    // Ten thousand readers in a second are one attempt.
    for _ in 0..100 {
        assert_eq!(ask().await.unwrap(), 1);
    }
    assert_eq!(source.asked(), 2);
    tokio::time::advance(SECOND).await;
    assert_eq!(ask().await.unwrap(), 1);
    assert_eq!(source.asked(), 3);
    tokio::time::advance(MINUTE - SECOND).await;
    assert_eq!(ask().await.unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(load(&cache, ttl, &source).await, 5);
}

#[tokio::test(start_paused = true)]
async fn a_removed_stale_value_does_not_come_back() {
    let (cache, source) = (cache(), Source::held());
    let ttl = Ttl::of(MINUTE).stale(MINUTE);
    source.let_answer(1);
    assert_eq!(load(&cache, ttl, &source).await, 1);
    tokio::time::advance(MINUTE).await;
    assert_eq!(load(&cache, ttl, &source).await, 1);
    settle().await;
    cache.remove("k").await;
    // The load in the background began before.
    source.let_answer(1);
    settle().await;
    assert_eq!(cache.count(), (0, 0));
    source.let_answer(1);
    assert_eq!(load(&cache, ttl, &source).await, 3);
}

#[tokio::test(start_paused = true)]
async fn none_is_kept_for_a_shorter_time() {
    let cache = cache_with(|config| config.stale = MINUTE);
    let source = Source::quick();
    let ask = async |ttl: Duration| {
        let found = cache.get_or_load("k", ttl, || source.ask(|_| Ok(None::<u8>)));
        assert_eq!(found.await.unwrap(), None);
        source.asked()
    };
    assert_eq!(ask(MINUTE).await, 1);
    assert_eq!(cache.get::<Option<u8>>("k").await, Some(None));
    tokio::time::advance(SECOND * 4).await;
    assert_eq!(ask(MINUTE).await, 1);
    tokio::time::advance(SECOND).await;
    // Not even stale.
    assert_eq!(ask(SECOND).await, 2);
    tokio::time::advance(SECOND).await;
    assert_eq!(ask(MINUTE).await, 3);
}

#[tokio::test]
async fn none_need_not_be_kept() {
    let cache = cache_with(|config| config.negative_ttl = Duration::ZERO);
    let source = Source::quick();
    for expected in 1..3 {
        let found = cache.get_or_load("k", MINUTE, || source.ask(|_| Ok(None::<u8>)));
        assert_eq!(found.await.unwrap(), None);
        assert_eq!(source.asked(), expected);
    }
    let found = cache.get_or_load("k", MINUTE, || source.ask(|n| Ok(Some(n))));
    assert_eq!(found.await.unwrap(), Some(3));
    let found = cache.get_or_load("k", MINUTE, || source.ask(|n| Ok(Some(n))));
    assert_eq!(found.await.unwrap(), Some(3));
}
