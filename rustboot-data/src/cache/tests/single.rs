//! One load for each key, whoever asks, whoever goes away, and whatever becomes of it.

use futures_util::future::join_all;

use super::*;

#[tokio::test]
async fn a_thousand_ask_for_one_cold_key_and_one_loads_it() {
    let (cache, source) = (cache(), Source::held());
    let asking: Vec<_> = (0..1000)
        .map(|_| {
            let (cache, source) = (cache.clone(), source.clone());
            #[allow(clippy::disallowed_methods, reason = "a test is its own owner")]
            tokio::spawn(async move { cache.get_or_load("k", MINUTE, || source.number()).await })
        })
        .collect();
    settle().await;
    assert_eq!(cache.count(), (0, 1));
    source.let_answer(1);
    for answer in join_all(asking).await {
        assert_eq!(answer.unwrap().unwrap(), 1);
    }
    assert_eq!(source.asked(), 1);
    assert_eq!(cache.count(), (1, 0));
    let again = cache.get_or_load("k", MINUTE, || source.number()).await;
    assert_eq!(again.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn threads_that_race_for_many_keys_load_each_once() {
    let (cache, source) = (cache(), Source::quick());
    let asking = (0..2000).map(|n| {
        let (cache, source) = (cache.clone(), source.clone());
        #[allow(clippy::disallowed_methods, reason = "a test is its own owner")]
        tokio::spawn(async move {
            let key = format!("k{}", n % 20);
            cache.get_or_load(&key, MINUTE, || source.number()).await
        })
    });
    for answer in join_all(asking.collect::<Vec<_>>()).await {
        answer.unwrap().unwrap();
    }
    assert_eq!(source.asked(), 20);
}

#[tokio::test]
async fn an_error_goes_to_all_who_waited_and_the_next_one_tries_again() {
    #[derive(Debug, PartialEq)]
    struct Down(u8);
    impl std::fmt::Display for Down {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("it is down")
        }
    }
    impl std::error::Error for Down {}

    let (cache, source) = (cache(), Source::held());
    let fail = |_| Err::<u8, _>(Error::unavailable("no bank").with_source(Down(7)));
    let asking = (0..10).map(|_| cache.get_or_load("k", MINUTE, || source.ask(fail)));
    let (answers, ()) = tokio::join!(join_all(asking), async {
        settle().await;
        source.let_answer(1);
    });
    assert_eq!((answers.len(), source.asked()), (10, 1));
    for answer in answers {
        let error = answer.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert_eq!(error.detail(), "no bank");
        assert_eq!(error.find::<Down>(), Some(&Down(7)));
    }
    assert_eq!(cache.count(), (0, 0));
    source.let_answer(1);
    let next = cache.get_or_load("k", MINUTE, || source.number()).await;
    assert_eq!(next.unwrap(), 2);
}

#[tokio::test]
async fn whoever_began_a_load_may_go_away() {
    let (cache, source) = (cache(), Source::held());
    let mut first = Box::pin(cache.get_or_load("k", MINUTE, || source.number()));
    assert!(futures_util::poll!(&mut first).is_pending());
    let second = cache.get_or_load("k", MINUTE, || source.number());
    drop(first);
    let (second, ()) = tokio::join!(second, async {
        settle().await;
        source.let_answer(1);
    });
    assert_eq!((second.unwrap(), source.asked()), (1, 1));
}

#[tokio::test]
async fn a_load_that_nobody_waits_for_any_more_is_kept() {
    let (cache, source) = (cache(), Source::held());
    let mut only = Box::pin(cache.get_or_load("k", MINUTE, || source.number()));
    assert!(futures_util::poll!(&mut only).is_pending());
    drop(only);
    source.let_answer(1);
    settle().await;
    assert_eq!(cache.get::<usize>("k").await, Some(1));
}

#[tokio::test]
async fn a_panic_is_an_error_for_all_and_holds_nobody_up() {
    let (cache, source) = (cache(), Source::held());
    let burst = |_| -> Result<u8> { panic!("on purpose") };
    let asking = (0..3).map(|_| cache.get_or_load("k", MINUTE, || source.ask(burst)));
    let (answers, ()) = tokio::join!(join_all(asking), async {
        settle().await;
        source.let_answer(1);
    });
    for answer in answers {
        assert_eq!(answer.unwrap_err().kind(), ErrorKind::Internal);
    }
    source.let_answer(1);
    let next = cache.get_or_load("k", MINUTE, || source.number()).await;
    assert_eq!(next.unwrap(), 2);
}

#[tokio::test]
async fn a_panic_before_the_load_leaves_no_trace() {
    let (cache, source) = (cache(), Source::quick());
    let burst = async {
        let make = || -> std::future::Ready<Result<usize>> { panic!("on purpose") };
        cache.get_or_load("k", MINUTE, make).await
    };
    let burst = futures_util::FutureExt::catch_unwind(std::panic::AssertUnwindSafe(burst));
    assert!(burst.await.is_err());
    assert_eq!(cache.count(), (0, 0));
    let next = cache.get_or_load("k", MINUTE, || source.number()).await;
    assert_eq!(next.unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_load_has_a_limit() {
    let cache = cache_with(|config| config.load_timeout = SECOND);
    let source = Source::held();
    let asking = (0..3).map(|_| cache.get_or_load("k", MINUTE, || source.number()));
    for answer in join_all(asking).await {
        let error = answer.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        assert!(error.detail().contains("within 1s"), "{error}");
    }
    assert_eq!((source.asked(), cache.count()), (1, (0, 0)));
    source.let_answer(1);
    let next = cache.get_or_load("k", MINUTE, || source.number()).await;
    assert_eq!(next.unwrap(), 2);
}

/// A write that comes while the old state is being read: what was read is not kept, and nobody who asks later gets it.
#[tokio::test]
async fn what_was_read_before_a_remove_is_not_kept_after_it() {
    let (cache, source) = (cache(), Source::held());
    let mut before = Box::pin(cache.get_or_load("k", MINUTE, || source.number()));
    assert!(futures_util::poll!(&mut before).is_pending());
    settle().await;
    cache.remove("k").await;
    let mut after = Box::pin(cache.get_or_load("k", MINUTE, || source.number()));
    assert!(futures_util::poll!(&mut after).is_pending());
    settle().await;
    assert_eq!(source.asked(), 2);

    source.let_answer(1);
    assert_eq!(before.await.unwrap(), 1);
    assert_eq!(cache.get::<usize>("k").await, None);
    source.let_answer(1);
    assert_eq!(after.await.unwrap(), 2);
    assert_eq!(cache.get::<usize>("k").await, Some(2));
}

#[tokio::test]
async fn a_value_that_was_put_in_is_newer_than_one_on_its_way() {
    let (cache, source) = (cache(), Source::held());
    for forget_all in [false, true] {
        let mut before = Box::pin(cache.get_or_load("k", MINUTE, || source.number()));
        assert!(futures_util::poll!(&mut before).is_pending());
        settle().await;
        if forget_all {
            cache.clear().await;
        } else {
            cache.insert("k", MINUTE, 99_usize).await;
        }
        source.let_answer(1);
        before.await.unwrap();
        let expected = (!forget_all).then_some(99);
        assert_eq!(cache.get::<usize>("k").await, expected);
        cache.clear().await;
        assert_eq!(cache.count(), (0, 0));
    }
}

#[tokio::test]
async fn one_key_for_two_types_gives_each_its_own() {
    let (cache, source) = (cache(), Source::held());
    let number = cache.get_or_load("k", MINUTE, || source.number());
    let text = cache.get_or_load("k", MINUTE, || source.ask(|n| Ok(format!("text {n}"))));
    let (number, text, ()) = tokio::join!(number, text, async {
        settle().await;
        source.let_answer(2);
    });
    assert_eq!((number.unwrap(), text.unwrap()), (1, "text 2".to_owned()));
}

#[tokio::test]
async fn an_error_of_ones_own_goes_to_all() {
    #[derive(Debug, Clone, PartialEq)]
    enum Shop {
        SoldOut,
        Other(String),
    }
    impl From<Error> for Shop {
        fn from(error: Error) -> Self {
            Self::Other(error.to_string())
        }
    }
    let cache = cache();
    let ask = |outcome: fn() -> Result<u8, Shop>| {
        cache.get_or_try_load("k", Ttl::default(), move || async move { outcome() })
    };
    assert_eq!(ask(|| Err(Shop::SoldOut)).await, Err(Shop::SoldOut));
    let panicked = ask(|| panic!("on purpose")).await.unwrap_err();
    assert!(matches!(&panicked, Shop::Other(text) if text.contains("panicked")));
    assert_eq!(ask(|| Ok(1)).await, Ok(1));
}

#[tokio::test]
async fn closed_it_drops_what_is_under_way_and_still_answers() {
    let (cache, source) = (cache(), Source::held());
    cache.insert("there", MINUTE, 5_usize).await;
    let waiting = cache.get_or_load("k", MINUTE, || source.number());
    let (waiting, ()) = tokio::join!(waiting, async {
        settle().await;
        cache.close(SECOND).await.unwrap();
    });
    assert_eq!(waiting.unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(source.answered(), 0);
    assert_eq!(cache.get::<usize>("there").await, Some(5));
    source.let_answer(1);
    let late = cache.get_or_load("k", MINUTE, || source.number()).await;
    assert_eq!(late.unwrap(), 2);
}
