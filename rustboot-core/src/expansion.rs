//! What the macros expand to, beside the definitions themselves. Not for use by hand, and not covered by semver.
//!
//! A macro sees tokens, not types. [`Probe`] lets the compiler answer for it: an inherent function with a bound wins over
//! the trait function of the same name, so `Probe::<T>::dependency()` asks `T` when `T` can be injected, and says `None`
//! when not. The trait has to be in scope at the call.

use std::marker::PhantomData;

use zeroize::Zeroize;

use crate::component::{Dependency, Injectable, TakenByName};
use crate::config::{Describe, Field, Shape};
use crate::lifecycle::Shutdown;
use crate::secret::Secret;

/// Asks a type what it is.
#[derive(Debug)]
pub struct Probe<T: ?Sized>(PhantomData<T>);

/// What a factory returns when its name says that it is a result, taken apart by type, so that an alias of `Result` works like the original.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is named like a `Result` and is none",
    note = "`#[component]` takes a type whose name ends in `Result` for a result; give the component another name"
)]
pub trait ResultOf {
    /// The component.
    type Ok;
    /// The error.
    type Err;
    /// As the plain type.
    ///
    /// # Errors
    /// The error of the factory.
    fn into_result(self) -> Result<Self::Ok, Self::Err>;
}

impl<T, E> ResultOf for Result<T, E> {
    type Ok = T;
    type Err = E;
    fn into_result(self) -> Result<T, E> {
        self
    }
}

/// Marks what [`Secret`] is, whether in an `Option` or not.
pub trait Sensitive {}
impl<T: Zeroize> Sensitive for Secret<T> {}
impl<T: Zeroize> Sensitive for Option<Secret<T>> {}
impl<T: Zeroize> Sensitive for Vec<Secret<T>> {}

/// Marks `Option`.
pub trait Optional {}
impl<T> Optional for Option<T> {}

impl<T: Injectable> Probe<T> {
    /// The wiring provides `T`.
    pub const IS_PROVIDED: bool = true;

    /// What `T` needs.
    pub fn dependency() -> Option<Dependency> {
        T::dependency()
    }
}

impl<T: TakenByName> Probe<T> {
    /// What `T` needs when it is taken by name.
    pub fn dependency_named(name: &'static str) -> Option<Dependency> {
        Some(T::dependency_named(name))
    }
}

impl<T: Describe> Probe<T> {
    /// The fields of `T`.
    pub fn nested() -> Option<fn() -> Vec<Field>> {
        Some(T::fields)
    }
}

impl<T: serde::de::DeserializeOwned> Probe<T> {
    /// What `T` accepts.
    pub fn shape() -> Option<fn() -> Shape> {
        Some(Shape::of::<T>)
    }
}

impl Probe<Shutdown> {
    /// Whoever takes it hears of the stop.
    pub fn hears_of_the_stop() -> bool {
        true
    }
}

impl<T: Sensitive> Probe<T> {
    /// `T` is a secret.
    pub fn secret() -> bool {
        true
    }
}

impl<T: Optional> Probe<T> {
    /// `T` may be absent.
    pub fn optional() -> bool {
        true
    }
}

/// The answers of every other type.
pub trait Otherwise {
    /// The wiring does not provide it.
    const IS_PROVIDED: bool = false;

    /// Nothing.
    fn dependency() -> Option<Dependency> {
        None
    }
    /// Nothing.
    fn dependency_named(_name: &'static str) -> Option<Dependency> {
        None
    }
    /// No fields.
    fn nested() -> Option<fn() -> Vec<Field>> {
        None
    }
    /// It does not say: it is read by a function of the user.
    fn shape() -> Option<fn() -> Shape> {
        None
    }
    /// It does not tell of the stop.
    fn hears_of_the_stop() -> bool {
        false
    }
    /// Not a secret.
    fn secret() -> bool {
        false
    }
    /// Not optional.
    fn optional() -> bool {
        false
    }
}

impl<T: ?Sized> Otherwise for Probe<T> {}
