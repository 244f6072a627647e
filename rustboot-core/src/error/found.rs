//! `None` as a 404.

use super::{Error, Result};

/// Turns "nothing there" into [`ErrorKind::NotFound`](super::ErrorKind::NotFound).
pub trait OrNotFound<T> {
    /// The value, or an error that answers 404.
    ///
    /// The value may be wrapped on the way, so that the last line of a handler reads well: with a handler that returns
    /// `Result<Json<Item>>`, `items.find(id).await?.or_not_found()` turns `Option<Item>` into it. Where the compiler asks
    /// for a type, name the plain one: `let item: Item = found.or_not_found()?;`.
    ///
    /// # Errors
    /// A "not found" error when there is no value.
    fn or_not_found<U: From<T>>(self) -> Result<U>;
}

impl<T> OrNotFound<T> for Option<T> {
    fn or_not_found<U: From<T>>(self) -> Result<U> {
        match self {
            Some(value) => Ok(U::from(value)),
            None => Err(Error::not_found("there is nothing here by that name")),
        }
    }
}
