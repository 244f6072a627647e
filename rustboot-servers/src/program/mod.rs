//! Where the programs of a server are.

use std::path::{Path, PathBuf};

use crate::error::ServerError;

/// What a server needs to be installed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Programs {
    pub(crate) server: &'static str,
    /// The one that runs, under each of its names.
    pub(crate) names: &'static [&'static str],
    /// Folders beside those of `PATH`. A `*` stands for a version; the highest is taken.
    pub(crate) folders: &'static [&'static str],
    pub(crate) install: &'static str,
    pub(crate) variable: &'static str,
}

impl Programs {
    /// The path of the program.
    ///
    /// # Errors
    /// It is not installed; the message says how to.
    pub(crate) fn find(&self) -> Result<PathBuf, ServerError> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let found = std::env::split_paths(&path)
            .chain(self.folders.iter().flat_map(|pattern| versions(pattern)))
            .flat_map(|folder| self.names.iter().map(move |name| folder.join(name)))
            .find(|file| file.is_file());
        found.ok_or_else(|| ServerError::NotInstalled {
            server: self.server,
            program: self.names[0],
            places: std::iter::once("PATH")
                .chain(self.folders.iter().copied())
                .collect::<Vec<_>>()
                .join(", "),
            install: self.install,
            variable: self.variable,
        })
    }
}

/// The folders that a pattern with at most one `*` stands for, the highest version first.
fn versions(pattern: &str) -> Vec<PathBuf> {
    let Some((start, end)) = pattern.split_once('*') else {
        return vec![PathBuf::from(pattern)];
    };
    let start = Path::new(start);
    let (folder, prefix) = match start.to_string_lossy().ends_with('/') || start.is_dir() {
        true => (start, ""),
        false => (
            start.parent().unwrap_or(start),
            start
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or(""),
        ),
    };
    let mut found: Vec<(Vec<u32>, PathBuf)> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let name = entry.file_name();
            let version = name.to_str()?.strip_prefix(prefix)?;
            let numbers = version.split('.').map(|part| part.parse().unwrap_or(0));
            Some((
                numbers.collect(),
                entry.path().join(end.trim_start_matches('/')),
            ))
        })
        .collect();
    found.sort();
    found.into_iter().rev().map(|(_, folder)| folder).collect()
}

#[cfg(test)]
mod tests;
