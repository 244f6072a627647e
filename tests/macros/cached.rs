//! `#[cached]` and `cache_key!`, as an application uses them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rustboot::cache::CacheConfig;
use rustboot::core::component::BoxFuture;
use rustboot::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct User {
    id: i64,
    load: usize,
}

/// Something slow.
#[derive(Debug, Clone, Default)]
struct Source(Arc<AtomicUsize>);

impl Source {
    fn ask(&self) -> usize {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }
}

fn cache() -> Cache {
    let mut config = CacheConfig::default();
    config.jitter = 0.0;
    Cache::in_memory("test", &config)
}

#[cached(key = "user:{id}", ttl = "60s")]
async fn user(cache: &Cache, source: &Inject<Source>, mut id: i64) -> Result<User> {
    let load = source.ask();
    if id < 0 {
        return Err(Error::not_found("no such user"));
    }
    id += 0;
    Ok(User { id, load })
}

#[tokio::test(start_paused = true)]
async fn a_function_runs_once_for_a_key_until_its_time_is_over() {
    let (cache, source) = (cache(), Inject::from(Arc::new(Source::default())));
    let first = user(&cache, &source, 7).await.unwrap();
    assert_eq!(first, User { id: 7, load: 1 });
    assert_eq!(user(&cache, &source, 7).await.unwrap(), first);
    assert_eq!(user(&cache, &source, 8).await.unwrap().load, 2);
    assert_eq!(cache.get::<User>("user:7").await, Some(first));

    for load in 3..5 {
        let error = user(&cache, &source, -1).await.unwrap_err();
        assert_eq!(error.detail(), "no such user");
        assert_eq!(source.0.load(Ordering::SeqCst), load);
    }
    rustboot::tokio::time::advance(Duration::from_secs(60)).await;
    assert_eq!(user(&cache, &source, 7).await.unwrap().load, 5);
    let id = 7;
    cache.remove(&cache_key!("user:{id}")).await;
    assert_eq!(user(&cache, &source, 7).await.unwrap().load, 6);

    let other = self::cache();
    assert_eq!(user(&other, &source, 7).await.unwrap().load, 7);
}

/// A component of handles: cloning it copies pointers.
#[derive(Clone)]
struct Shop {
    name: String,
    source: Source,
    cache: Cache,
    sessions: Cache,
}

struct Page {
    limit: u8,
}

impl Shop {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            source: Source::default(),
            cache: cache(),
            sessions: cache(),
        }
    }

    #[cached(key = "{self.name}:{code}", stale = "1m")]
    async fn find(&self, code: &str) -> Result<Option<usize>> {
        let load = self.source.ask();
        Ok((code != "nothing").then_some(load))
    }

    #[cached(key = "{tags}|{page.limit}", cache = self.sessions, skip = [note])]
    async fn list(&self, tags: String, page: Arc<Page>, note: &'static str) -> Result<Vec<usize>> {
        let _ = (tags, note);
        Ok(vec![self.source.ask(); usize::from(page.limit)])
    }

    #[cached(key = "sum:{n}")]
    async fn sum(&self, n: usize) -> Result<usize> {
        self.source.ask();
        Ok(match n {
            0 => 0,
            n => n + self.sum_below(n).await?,
        })
    }

    /// A cached function calls itself through one that says that it is `Send`.
    fn sum_below(&self, n: usize) -> BoxFuture<'_, Result<usize>> {
        Box::pin(self.sum(n - 1))
    }

    #[cached(key = "new")]
    async fn make(cache: &Cache) -> Result<Arc<String>> {
        Ok(Arc::new(Self::new("made").name))
    }
}

#[tokio::test]
async fn a_method_uses_the_cache_in_its_field() {
    let shop = Shop::new("a:b");
    assert_eq!(shop.find("c").await.unwrap(), Some(1));
    assert_eq!(shop.find("c").await.unwrap(), Some(1));
    assert_eq!(shop.find("nothing").await.unwrap(), None);
    assert_eq!(shop.find("nothing").await.unwrap(), None);
    assert_eq!(shop.source.0.load(Ordering::SeqCst), 2);
    assert_eq!(shop.cache.get("a%3Ab:c").await, Some(Some(1_usize)));

    let list = |tags: &str, limit| shop.list(tags.to_owned(), Arc::new(Page { limit }), "x");
    assert_eq!(list("t", 2).await.unwrap(), [3, 3]);
    assert_eq!(list("t", 2).await.unwrap(), [3, 3]);
    assert_eq!(list("t", 1).await.unwrap(), [4]);
    assert_eq!(shop.sessions.get("t|2").await, Some(vec![3_usize, 3]));

    assert_eq!(shop.sum(3).await.unwrap(), 6);
    assert_eq!(shop.source.0.load(Ordering::SeqCst), 8);
    assert_eq!(shop.sum(2).await.unwrap(), 3);
    assert_eq!(shop.source.0.load(Ordering::SeqCst), 8);

    let made = Shop::make(&shop.cache).await.unwrap();
    assert!(Arc::ptr_eq(&made, &Shop::make(&shop.cache).await.unwrap()));
}

/// The error of a user, which all who wait get.
#[derive(Debug, Clone, PartialEq)]
enum ShopError {
    SoldOut,
    Other(String),
}

impl From<Error> for ShopError {
    fn from(error: Error) -> Self {
        Self::Other(error.to_string())
    }
}

#[cached(key = "stock", skip = [panics])]
async fn stock(cache: Cache, panics: bool) -> Result<u8, ShopError> {
    assert!(!panics, "on purpose");
    Err(ShopError::SoldOut)
}

#[tokio::test]
async fn errors_of_ones_own_come_through() {
    let cache = cache();
    assert_eq!(stock(cache.clone(), false).await, Err(ShopError::SoldOut));
    let panicked = stock(cache, true).await.unwrap_err();
    assert!(matches!(panicked, ShopError::Other(text) if text.contains("panicked")));
}
