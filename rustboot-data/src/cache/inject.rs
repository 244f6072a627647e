//! [`Cache`] as something that factories, hooks, tasks and handlers take, by its type or by its name.

use rustboot_core::component::{ComponentKey, Dependency, Injectable, Resolver, TakenByName};
use rustboot_core::{Error, ErrorKind, Result};

use super::Cache;

fn found(resolver: &Resolver<'_>, name: Option<&str>) -> Result<Cache> {
    let cache = resolver.component::<Cache>(name);
    cache.map(|cache| Cache::clone(&cache)).ok_or_else(|| {
        let name = name.map_or(String::new(), |name| format!(" of the name `{name}`"));
        Error::new(
            ErrorKind::Configuration,
            format!("there is no component Cache{name}"),
        )
    })
}

// Messages of the compiler shall not depend on features.
#[diagnostic::do_not_recommend]
impl Injectable for Cache {
    fn dependency() -> Option<Dependency> {
        Some(Dependency::required(ComponentKey::of::<Self>()))
    }

    fn inject(resolver: &Resolver<'_>) -> Result<Self> {
        found(resolver, None)
    }
}

#[diagnostic::do_not_recommend]
impl TakenByName for Cache {
    fn dependency_named(name: &'static str) -> Dependency {
        Dependency::required(ComponentKey::of::<Self>().named(name))
    }

    fn inject_named(resolver: &Resolver<'_>, name: &'static str) -> Result<Self> {
        found(resolver, Some(name))
    }
}

#[cfg(feature = "axum")]
impl<S: Send + Sync + 'static> axum_core::extract::FromRequestParts<S> for Cache {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut http::request::Parts, state: &S) -> Result<Self> {
        rustboot_core::extract::injected(parts, state)
    }
}
