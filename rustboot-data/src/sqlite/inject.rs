//! [`SqliteDb`] as a parameter: of components, hooks and tasks, and of axum handlers.

use rustboot_core::component::{ComponentKey, Dependency, Injectable, Resolver};
use rustboot_core::{Error, ErrorKind, Result};

use super::SqliteDb;

impl Injectable for SqliteDb {
    fn dependency() -> Option<Dependency> {
        Some(Dependency::required(ComponentKey::of::<Self>()))
    }

    fn inject(resolver: &Resolver<'_>) -> Result<Self> {
        match resolver.component::<Self>(None) {
            Some(db) => Ok(Self::clone(&db)),
            None => Err(Error::new(
                ErrorKind::Configuration,
                "there is no component SqliteDb",
            )),
        }
    }
}

#[cfg(feature = "axum")]
impl<S: Send + Sync + 'static> axum_core::extract::FromRequestParts<S> for SqliteDb {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut http::request::Parts, state: &S) -> Result<Self> {
        rustboot_core::extract::injected(parts, state)
    }
}
