//! How the handler of a stream may end.

use rustboot_core::Result;

/// What a handler of a stream returns: nothing, or a [`Result`] without a value. An error is logged.
pub trait StreamOutcome: sealed::Sealed {
    #[doc(hidden)]
    fn into_result(self) -> Result<()>;
}

impl StreamOutcome for () {
    fn into_result(self) -> Result<()> {
        Ok(())
    }
}

impl StreamOutcome for Result<()> {
    fn into_result(self) -> Result<()> {
        self
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for () {}
    impl Sealed for rustboot_core::Result<()> {}
}
