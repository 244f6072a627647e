//! What `#[cached]` checks of a function, so that the compiler's message points at what it returns and not at the cache.

use super::{Cacheable, LoadError};

/// What a cached function may return.
#[diagnostic::on_unimplemented(
    message = "`#[cached]` cannot keep what this function returns, `{Self}`",
    label = "return a `Result<T>`",
    note = "what is kept is the `T` of `Ok`: anything that is `Clone` and that serde can write and read",
    note = "a handler's answer is not: put `#[cached]` on the function that it gets its values from"
)]
pub trait CachedResult {}

impl<V: Cacheable, E: LoadError> CachedResult for Result<V, E> {}

/// Checks a return type.
pub const fn assert_cached<T: CachedResult>() {}
