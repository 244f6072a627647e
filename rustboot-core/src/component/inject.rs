//! What may stand in the parameter list of a factory, a hook, a task or a handler.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::{ComponentKey, Dependency, Resolver};
use crate::app::AppContext;
use crate::config::{Config, Properties};
use crate::error::{Error, ErrorKind, Result};
use crate::lifecycle::Shutdown;

/// A value that the wiring provides.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be injected",
    label = "the wiring does not know how to provide this",
    note = "components are taken as `Inject<T>`, configuration as `Config<T>`"
)]
pub trait Injectable: Sized + Send + 'static {
    /// Which component must exist first; `None` for what is always there.
    fn dependency() -> Option<Dependency>;

    /// Gets it.
    ///
    /// # Errors
    /// When it does not exist. The check before the start finds that first, so this is met only by code that asks by hand.
    fn inject(resolver: &Resolver<'_>) -> Result<Self>;
}

/// A shared handle to a component.
///
/// Cloning copies a pointer. The component lives until the application and all handles are gone.
pub struct Inject<T: ?Sized>(Arc<T>);

impl<T: ?Sized> Inject<T> {
    /// The handle as a plain `Arc`.
    pub fn into_arc(self) -> Arc<T> {
        self.0
    }
}

impl<T: ?Sized> From<Arc<T>> for Inject<T> {
    fn from(value: Arc<T>) -> Self {
        Self(value)
    }
}

impl<T: ?Sized> Clone for Inject<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: ?Sized> Deref for Inject<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Inject<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The error of asking at run time for what the wiring does not have.
pub(crate) fn missing(key: ComponentKey) -> Error {
    Error::new(
        ErrorKind::Configuration,
        format!("there is no component {key}"),
    )
}

impl<T: ?Sized + Send + Sync + 'static> Injectable for Inject<T> {
    fn dependency() -> Option<Dependency> {
        Some(Dependency::required(ComponentKey::of::<T>()))
    }

    fn inject(resolver: &Resolver<'_>) -> Result<Self> {
        resolver
            .component(None)
            .map(Self)
            .ok_or_else(|| missing(ComponentKey::of::<T>()))
    }
}

impl<T: ?Sized + Send + Sync + 'static> Injectable for Option<Inject<T>> {
    fn dependency() -> Option<Dependency> {
        Some(Dependency::optional(ComponentKey::of::<T>()))
    }

    fn inject(resolver: &Resolver<'_>) -> Result<Self> {
        Ok(resolver.component(None).map(Inject))
    }
}

/// All components of a type or trait, named ones included, in the order in which they were built.
impl<T: ?Sized + Send + Sync + 'static> Injectable for Vec<Inject<T>> {
    fn dependency() -> Option<Dependency> {
        Some(Dependency::all(ComponentKey::of::<T>()))
    }

    fn inject(resolver: &Resolver<'_>) -> Result<Self> {
        Ok(resolver.all().into_iter().map(Inject).collect())
    }
}

impl<T: Properties> Injectable for Config<T> {
    fn dependency() -> Option<Dependency> {
        // Sections are bound before the wiring is checked; one that nobody registered is a mistake of its own.
        None
    }

    fn inject(resolver: &Resolver<'_>) -> Result<Self> {
        resolver.config().ok_or_else(|| {
            Error::new(
                ErrorKind::Configuration,
                format!(
                    "the configuration `{}` ({}) was never bound: bind it with `AppBuilder::config`",
                    T::NAME,
                    T::LOCATION
                ),
            )
        })
    }
}

impl Injectable for AppContext {
    fn dependency() -> Option<Dependency> {
        None
    }

    fn inject(resolver: &Resolver<'_>) -> Result<Self> {
        Ok(resolver.app().clone())
    }
}

impl Injectable for Shutdown {
    fn dependency() -> Option<Dependency> {
        None
    }

    fn inject(resolver: &Resolver<'_>) -> Result<Self> {
        Ok(resolver.app().shutdown().clone())
    }
}
