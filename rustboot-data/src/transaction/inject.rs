//! [`Tx`] as a parameter of handlers, and what it needs of the wiring.

use rustboot_core::Result;
use rustboot_core::component::{Dependency, Injectable, Resolver, TakenByName};

use super::{Transactional, Tx};

/// A handler that takes a `Tx` needs its database. There is a `Tx` only while a request is worked on: in a factory, a hook or a
/// task it is an error.
#[diagnostic::do_not_recommend]
impl<D: Transactional + Injectable> Injectable for Tx<D> {
    fn dependency() -> Option<Dependency> {
        D::dependency()
    }

    fn inject(resolver: &Resolver<'_>) -> Result<Self> {
        Self::of_request(D::inject(resolver)?)
    }
}

/// On the database of that name: `#[named("reports")] tx: Tx<PgDb>`.
#[diagnostic::do_not_recommend]
impl<D: Transactional + TakenByName> TakenByName for Tx<D> {
    fn dependency_named(name: &'static str) -> Dependency {
        D::dependency_named(name)
    }

    fn inject_named(resolver: &Resolver<'_>, name: &'static str) -> Result<Self> {
        Self::of_request(D::inject_named(resolver, name)?)
    }
}

#[cfg(feature = "axum")]
impl<D, S> axum_core::extract::FromRequestParts<S> for Tx<D>
where
    D: Transactional + Injectable,
    S: Send + Sync + 'static,
{
    type Rejection = rustboot_core::Error;

    async fn from_request_parts(parts: &mut http::request::Parts, state: &S) -> Result<Self> {
        rustboot_core::extract::injected(parts, state)
    }
}
