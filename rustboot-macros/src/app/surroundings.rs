//! What the compilation around an application says about it. Read once, so that the expansion itself can be tested.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::SystemTime;

use proc_macro2::Span;
use syn::{Error, Result};

use super::{commit, migrations, moment};
use crate::mistakes::both;

/// Facts that are not in the user's source.
pub(crate) struct Surroundings {
    /// The commit.
    pub(crate) git_commit: Option<String>,
    /// Seconds since 1970.
    pub(crate) built_at: i64,
    /// The migrations below the crate's directory.
    pub(crate) migrations: Vec<String>,
}

impl Surroundings {
    /// Looks around. This is a compiler's environment, not an application's: nothing here is configuration.
    pub(crate) fn read() -> Result<Self> {
        let text = |name| {
            std::env::var_os(name)
                .map(OsString::into_string)
                .and_then(std::result::Result::ok)
        };
        let crate_dir = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let error = |message: String| Error::new(Span::call_site(), message);
        let migrations = crate_dir
            .as_deref()
            .map_or(Ok(Vec::new()), migrations::list);
        let built_at = moment::built_at(text("SOURCE_DATE_EPOCH").as_deref(), SystemTime::now());
        let (migrations, built_at) = both(migrations.map_err(error), built_at.map_err(error))?;
        let variable = text("RUSTBOOT_GIT_COMMIT");
        Ok(Self {
            git_commit: commit::commit(variable.as_deref(), crate_dir.as_deref()),
            built_at,
            migrations,
        })
    }
}
