//! Something slow behind a cache, which counts how often it is really asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rustboot::prelude::*;
use rustboot::tokio::time::sleep;

#[derive(Clone, Default)]
struct Oracle(Arc<AtomicUsize>);

#[component]
fn oracle() -> Oracle {
    Oracle::default()
}

/// The number of the question, after a while. Some keys have no good answer.
#[cached(key = "answer:{key}", ttl = "60s")]
async fn ask(cache: &Cache, oracle: &Inject<Oracle>, key: &str) -> Result<usize> {
    let number = oracle.0.fetch_add(1, Ordering::SeqCst) + 1;
    sleep(Duration::from_millis(500)).await;
    match key {
        "fails" => Err(Error::unavailable("the oracle sleeps")),
        "panics" => panic!("the oracle is angry"),
        _ => Ok(number),
    }
}

#[get("/cached/{key}")]
async fn answer(cache: Cache, oracle: Inject<Oracle>, Path(key): Path<String>) -> Result<String> {
    Ok(ask(&cache, &oracle, &key).await?.to_string())
}

#[delete("/cached/{key}")]
async fn forget(cache: Cache, Path(key): Path<String>) -> StatusCode {
    cache.remove(&cache_key!("answer:{key}")).await;
    StatusCode::NO_CONTENT
}
