//! Who the application is. `#[rustboot::app]` fills it in where the user's crate is compiled.

use crate::source::Location;

/// A file that was compiled into the binary, such as a migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resource {
    /// The path below the crate's root: `migrations/0001_links.sql`.
    pub path: &'static str,
    /// What it says.
    pub contents: &'static str,
}

/// Name, version and origin of an application.
#[derive(Debug, Clone, Copy)]
pub struct AppInfo {
    /// The package name.
    pub name: &'static str,
    /// The package version.
    pub version: &'static str,
    /// The commit it was built from, when that is known.
    pub git_commit: Option<&'static str>,
    /// When it was built, in seconds since 1970 (`SOURCE_DATE_EPOCH` is honoured).
    pub built_at: Option<i64>,
    /// The compiler.
    pub rustc: &'static str,
    /// What its environment variables start with, without the underscore.
    pub env_prefix: &'static str,
    /// Files that were compiled in.
    pub resources: &'static [Resource],
    /// Where the application is declared.
    pub location: Option<Location>,
}

impl AppInfo {
    /// An application of that name and version, and nothing else known.
    pub const fn new(name: &'static str, version: &'static str) -> Self {
        Self {
            name,
            version,
            git_commit: None,
            built_at: None,
            rustc: "unknown",
            env_prefix: "APP",
            resources: &[],
            location: None,
        }
    }
}
