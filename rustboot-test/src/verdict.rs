//! What a test function may return.

use std::fmt::Display;

/// What a test function returns: nothing, or a `Result` whose error can be shown.
#[diagnostic::on_unimplemented(
    message = "a test cannot return `{Self}`",
    label = "return nothing, or `Result<()>`"
)]
pub trait Verdict {
    /// Why the test failed, if it did.
    fn failure(self) -> Option<String>;
}

impl Verdict for () {
    fn failure(self) -> Option<String> {
        None
    }
}

impl<E: Display> Verdict for Result<(), E> {
    fn failure(self) -> Option<String> {
        // Some errors show what they came from in this form only.
        self.err().map(|error| format!("{error:#}"))
    }
}
