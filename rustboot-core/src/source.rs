//! Where something was written: the file and line that a report points at.

use std::fmt;

/// A place in source code.
///
/// The macros fill it with `file!()` and `line!()` of the item that the user wrote, so that every report about a component,
/// a route or a configuration struct can say where it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// The file, as the compiler names it: relative to the workspace root.
    pub file: &'static str,
    /// The line, from 1.
    pub line: u32,
}

impl Location {
    /// A location from its parts.
    pub const fn new(file: &'static str, line: u32) -> Self {
        Self { file, line }
    }

    /// The place that called the function this is called in, when every function between is `#[track_caller]`.
    #[track_caller]
    pub const fn caller() -> Self {
        let caller = std::panic::Location::caller();
        Self {
            file: caller.file(),
            line: caller.line(),
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}
