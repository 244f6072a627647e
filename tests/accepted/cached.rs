//! Every way to say which cache, and what may be in a key.

#![deny(warnings)]
#![deny(clippy::all, clippy::pedantic, clippy::allow_attributes_without_reason)]
#![allow(
    clippy::unused_async,
    reason = "functions that only show their signature"
)]

use std::fmt;
use std::sync::Arc;

use rustboot::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct User;

pub(crate) struct Users;

pub(crate) struct Id {
    shop: u8,
    number: (u8, u8),
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.shop)
    }
}

/// A parameter that the body does not use is the cache.
#[cached(key = "user:{id}", ttl = "1h30m", stale = "10s")]
pub(crate) async fn by_reference(cache: &Cache, users: &Inject<Users>, id: &Id) -> Result<User>
where
    Users: Send,
{
    let _ = (users, id.number);
    Ok(User)
}

impl Clone for Id {
    fn clone(&self) -> Self {
        Self {
            shop: self.shop,
            number: self.number,
        }
    }
}

#[rustboot::cached(key = "{id.shop}/{id.number.0}")]
async fn by_value(cache: Cache, id: Arc<Id>) -> rustboot::Result<Option<User>> {
    cache.remove("another").await;
    Ok(Some(User)).map(|user| user.filter(|_| id.shop > 0))
}

#[cached(key = "all")]
async fn injected(the: Inject<Cache>) -> Result<Arc<Vec<User>>> {
    Ok(Arc::default())
}

#[cached(key = "text:{text}:{type}", cache = pair.1, skip = [pair])]
async fn expression<'a>(pair: &'a Pair, text: &'a str, r#type: u8) -> Result<String, Error> {
    let _ = (&pair.0, r#type);
    Ok(text.to_owned())
}

#[derive(Clone)]
struct Pair(u8, Cache);

#[derive(Clone)]
pub(crate) struct Shop {
    cache: Cache,
}

impl Shop {
    /// Documented, public and with a lint.
    ///
    /// # Errors
    /// Never.
    #[allow(clippy::unused_async, reason = "for the test")]
    #[cached(key = "motto", skip = [words])]
    pub(crate) async fn motto(&self, words: &[u8]) -> Result<String> {
        Ok(words.len().to_string())
    }
}

#[test]
fn a_key_is_the_text_of_its_arguments() {
    let _ = (by_reference, by_value, injected, expression, Shop::motto);
    let (id, pair) = (1, (2, "three"));
    assert_eq!(cache_key!("user:{id}:{pair.1}"), "user:1:three");
}
