//! Components taken by their name (`#[named("eu")]`), and extractors around what is injectable.

use std::marker::PhantomData;

use super::inject::missing;
use super::{ComponentKey, Dependency, Inject, Injectable, Resolver};
use crate::error::Result;

/// What `#[named("…")]` can stand on.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be taken by name",
    label = "`#[named]` goes on `Inject<T>`, `Option<Inject<T>>` or a database"
)]
pub trait TakenByName: Sized + Send + 'static {
    /// Which component must exist first.
    fn dependency_named(name: &'static str) -> Dependency;

    /// Gets it.
    ///
    /// # Errors
    /// When it does not exist, and has to.
    fn inject_named(resolver: &Resolver<'_>, name: &'static str) -> Result<Self>;
}

impl<T: ?Sized + Send + Sync + 'static> TakenByName for Inject<T> {
    fn dependency_named(name: &'static str) -> Dependency {
        Dependency::required(ComponentKey::of::<T>().named(name))
    }

    fn inject_named(resolver: &Resolver<'_>, name: &'static str) -> Result<Self> {
        resolver
            .component(Some(name))
            .map(Self::from)
            .ok_or_else(|| missing(ComponentKey::of::<T>().named(name)))
    }
}

impl<T: ?Sized + Send + Sync + 'static> TakenByName for Option<Inject<T>> {
    fn dependency_named(name: &'static str) -> Dependency {
        Dependency::optional(ComponentKey::of::<T>().named(name))
    }

    fn inject_named(resolver: &Resolver<'_>, name: &'static str) -> Result<Self> {
        Ok(resolver.component(Some(name)).map(Inject::from))
    }
}

/// A name as a type, for [`ByName`].
pub trait ComponentName: Send + 'static {
    /// The name.
    const NAME: &'static str;
}

/// A component under a name, where only a type can say which one: in the signature of a handler.
#[derive(Debug)]
pub struct ByName<N, V>(pub V, PhantomData<fn() -> N>);

impl<N: ComponentName, V: TakenByName> Injectable for ByName<N, V> {
    fn dependency() -> Option<Dependency> {
        Some(V::dependency_named(N::NAME))
    }

    fn inject(resolver: &Resolver<'_>) -> Result<Self> {
        V::inject_named(resolver, N::NAME).map(|value| Self(value, PhantomData))
    }
}

/// Anything injectable as an axum extractor: `Injected(all): Injected<Vec<Inject<dyn Mailer>>>`.
///
/// The attribute macros put it around a handler's `Vec<Inject<T>>` by themselves; a handler of a router that is mounted by
/// hand writes it.
#[derive(Debug, Clone)]
pub struct Injected<V>(pub V);

impl<V: Injectable> Injectable for Injected<V> {
    fn dependency() -> Option<Dependency> {
        V::dependency()
    }

    fn inject(resolver: &Resolver<'_>) -> Result<Self> {
        V::inject(resolver).map(Self)
    }
}
