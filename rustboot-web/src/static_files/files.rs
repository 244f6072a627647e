//! The directory as it was configured, looked at once at start.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use http::{HeaderValue, Uri};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rustboot_core::{AppBuilder, Config};
use tower_http::services::ServeDir;
use tower_http::services::fs::DefaultServeDirFallback;

use super::StaticFilesConfig;
use super::inside::Inside;

/// The files that are served.
#[derive(Debug, Clone)]
pub(crate) struct StaticFiles(pub(super) Arc<Files>);

#[derive(Debug)]
pub(super) struct Files {
    /// What URLs have in front of the names: nothing, or a path without a slash at its end.
    pub(super) prefix: String,
    /// In metrics, for all files together.
    label: Arc<str>,
    /// The directory as it was named.
    named: PathBuf,
    /// As URLs have it.
    pub(super) index: String,
    pub(super) fallback: Option<Uri>,
    pub(super) cache_control: HeaderValue,
    /// The names of each folder from the directory down.
    pub(super) immutable: Vec<Vec<String>>,
    pub(super) directory: ServeDir<DefaultServeDirFallback, Inside>,
}

/// How much of a file is read at once. The next piece is read when hyper has room for it, which is `server.header_limit` for a
/// connection. ServeDir has 64 KiB by default, and HTTP/2 sends no more than 16 of them in a frame.
const PIECE: usize = 32 * 1024;

/// Unreserved in URLs (RFC 3986).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

impl StaticFiles {
    /// What is to be served, if anything; a problem of the configuration when that cannot be.
    pub(crate) fn configure(
        app: &mut AppBuilder,
        config: &Config<StaticFilesConfig>,
        base: &Path,
    ) -> Option<Self> {
        let named = config.directory.clone()?;
        let directory = base.join(&named);
        if let Err(Fault { key, message, help }) = check(config, &directory, base) {
            let key = format!("server.static_files.{key}");
            app.config_problem(&key, &message, help);
            return None;
        }
        // The section has been checked: neither of them fails.
        let fallback = config.fallback.as_deref().map(encoded);
        let fallback = fallback.and_then(|path| Uri::try_from(path).ok());
        let cache_control = HeaderValue::from_str(&config.cache_control).ok()?;
        let prefix = config.path.trim_end_matches('/').to_owned();
        let immutable = config.immutable.iter();
        let inside = Inside(Arc::from(directory.as_path()));
        Some(Self(Arc::new(Files {
            label: format!("{prefix}/{{*path}}").into(),
            index: utf8_percent_encode(&config.index, ENCODED).to_string(),
            fallback,
            cache_control,
            immutable: immutable
                .map(|folder| folder.split('/').map(str::to_owned).collect())
                .collect(),
            directory: ServeDir::with_backend(directory, inside)
                .redirect_path_prefix(&*prefix)
                .with_buf_chunk_size(PIECE)
                .precompressed_gzip(),
            prefix,
            named,
        })))
    }

    /// The directory, for people.
    pub(crate) fn directory(&self) -> &Path {
        &self.0.named
    }

    /// One label for all files: their names are the client's choice.
    pub(crate) fn label(&self) -> Arc<str> {
        Arc::clone(&self.0.label)
    }
}

/// The path of a file in a URL.
fn encoded(path: &str) -> String {
    path.split('/')
        .map(|name| format!("/{}", utf8_percent_encode(name, ENCODED)))
        .collect()
}

/// What keeps the files from being served.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) key: &'static str,
    pub(super) message: String,
    help: &'static str,
}

/// Looks whether everything is there that the configuration names.
pub(super) fn check(
    config: &StaticFilesConfig,
    directory: &Path,
    base: &Path,
) -> Result<(), Fault> {
    let cannot =
        |path: &Path, error: &io::Error| format!("{} cannot be read: {error}", path.display());
    let fault = |message| Fault {
        key: "directory",
        message,
        help: "name a directory that is there and that this user may read, by a path from the application's folder on; or leave server.static_files out",
    };
    fs::read_dir(directory).map_err(|error| fault(cannot(directory, &error)))?;
    if contains(directory, base).map_err(|error| fault(cannot(directory, &error)))? {
        return Err(Fault {
            key: "directory",
            message: format!(
                "{} has the application's folder in it, and would show everybody the configuration of this program",
                directory.display()
            ),
            help: "put the files into a directory of their own, such as public, and name that",
        });
    }
    let Some(fallback) = &config.fallback else {
        return Ok(());
    };
    let path = directory.join(fallback);
    let found = Inside(Arc::from(directory)).resolve(&path);
    let found = found.and_then(|file| match fs::metadata(&file)?.is_file() {
        true => fs::File::open(&file).map(drop),
        false => Err(io::Error::other("it is no file")),
    });
    found.map_err(|error| Fault {
        key: "fallback",
        message: cannot(&path, &error),
        help: "name a file of server.static_files.directory, such as index.html; or leave server.static_files.fallback out",
    })
}

/// Whether a directory is another one, or above it.
fn contains(directory: &Path, other: &Path) -> io::Result<bool> {
    let here = || PathBuf::from(".");
    let other = match other.as_os_str().is_empty() {
        true => here(),
        false => other.to_owned(),
    };
    Ok(other.canonicalize()?.starts_with(directory.canonicalize()?))
}
