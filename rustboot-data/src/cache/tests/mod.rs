//! What `Cache` promises: tests with time that is moved by hand.

mod bounds;
#[cfg(feature = "redis")]
mod on_redis;
mod single;
#[cfg(feature = "redis")]
mod switched_off;
mod time;
mod wired;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rustboot_core::{Error, ErrorKind, Result};
use tokio::sync::Semaphore;

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// A cache whose values live exactly as long as they are told.
fn cache() -> Cache {
    cache_with(|_| ())
}

fn cache_with(change: impl FnOnce(&mut CacheConfig)) -> Cache {
    let mut config = CacheConfig {
        jitter: 0.0,
        ..CacheConfig::default()
    };
    change(&mut config);
    Cache::in_memory("test", &config)
}

/// Something slow behind the cache: counts how often it is asked, and answers when it is let.
#[derive(Clone)]
struct Source {
    asked: Arc<AtomicUsize>,
    answered: Arc<AtomicUsize>,
    may_answer: Arc<Semaphore>,
}

impl Source {
    /// One that answers at once.
    fn quick() -> Self {
        let source = Self::held();
        source.let_answer(Semaphore::MAX_PERMITS);
        source
    }

    /// One that waits for `let_answer`.
    fn held() -> Self {
        Self {
            asked: Arc::default(),
            answered: Arc::default(),
            may_answer: Arc::new(Semaphore::new(0)),
        }
    }

    fn let_answer(&self, times: usize) {
        self.may_answer.add_permits(times);
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn answered(&self) -> usize {
        self.answered.load(Ordering::SeqCst)
    }

    /// The value that it has at the moment of the question, and a later answer.
    fn ask<V, F>(&self, answer: F) -> impl Future<Output = V> + Send + 'static + use<V, F>
    where
        V: Send + 'static,
        F: FnOnce(usize) -> V + Send + 'static,
    {
        let this = self.clone();
        async move {
            let number = this.asked.fetch_add(1, Ordering::SeqCst) + 1;
            this.may_answer.acquire().await.unwrap().forget();
            this.answered.fetch_add(1, Ordering::SeqCst);
            answer(number)
        }
    }

    /// The number of the question.
    fn number(&self) -> impl Future<Output = Result<usize>> + Send + 'static + use<> {
        self.ask(Ok)
    }
}

/// Lets everything run that can run, without time passing.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}
