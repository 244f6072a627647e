//! From a URL to what SQLite is opened with.
//!
//! What a server wants of SQLite, and why:
//!
//! | setting | why |
//! |---|---|
//! | `journal_mode = WAL` | readers and the writer do not wait for each other |
//! | `synchronous = NORMAL` | in WAL safe against a crash of the process and never corrupt; a power cut may lose the last commits, at a fraction of the `fsync` calls |
//! | `foreign_keys = ON` | they are constraints, as in every other database |
//! | `busy_timeout = 5 s` | the lock of another process is waited for; writers of this one queue in the pool |
//! | the file is made when it is not there | a first start on an empty volume works; `?mode=rw` asks for one that is there |
//! | sqlx's statement log off | the pool logs slow statements, with its own limit |

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::time::Duration;

use rustboot_core::{Error, ErrorKind, Result};
use sqlx::ConnectOptions as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Where a database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    File(PathBuf),
    /// In the memory of this process, shared by all connections that were made from the same options.
    Memory,
}

/// A database that can be opened.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) options: SqliteConnectOptions,
    pub(crate) place: Place,
    /// `mode=ro` or `immutable`: there is nothing to migrate.
    pub(crate) read_only: bool,
    /// Whether the folder is made too.
    own_folder: bool,
    /// How it is called in front of people.
    pub(super) shown: String,
}

impl Target {
    /// Reads a URL. Relative paths start from `base`.
    ///
    /// # Errors
    /// A sentence that repeats nothing of the URL, since it may hold a password.
    pub(crate) fn from_url(url: &str, base: &Path) -> std::result::Result<Self, String> {
        let rest = match url.split_once(':') {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("sqlite") => rest,
            _ => return Err("expected a URL of SQLite, such as sqlite:data/app.db".to_owned()),
        };
        let (path, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        if let Some(authority) = path.strip_prefix("//")
            && authority
                .split('/')
                .next()
                .is_some_and(|authority| authority.contains('@'))
        {
            return Err(
                "a URL of SQLite has no user, password or host: it is sqlite: and a path"
                    .to_owned(),
            );
        }
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty() {
            return Err(
                "the URL names no file: expected sqlite: and a path, or sqlite::memory:".to_owned(),
            );
        }
        if path.starts_with("file:") {
            return Err("expected sqlite: and a path, without file: in between".to_owned());
        }
        let mut mode = None;
        let mut immutable = false;
        for parameter in parameters.split('&').filter(|p| !p.is_empty()) {
            match parameter.split_once('=') {
                Some(("mode", value @ ("ro" | "rw" | "rwc" | "memory"))) => mode = Some(value),
                Some(("cache", "private" | "shared")) | Some(("vfs", _)) => {}
                Some(("immutable", "true" | "1")) => immutable = true,
                Some(("immutable", "false" | "0")) => {}
                _ => {
                    return Err(
                        "a parameter of the URL is not understood: mode=ro|rw|rwc|memory, cache=private|shared, immutable=true|false and vfs=NAME are"
                            .to_owned(),
                    );
                }
            }
        }
        let options = SqliteConnectOptions::from_str(&format!("sqlite:{path}?{parameters}"))
            .map_err(|_| "the path of the URL is not valid UTF-8 once it is decoded".to_owned())?;
        if path == ":memory:" || mode == Some("memory") {
            return Ok(Self::memory(options));
        }
        let file = base.join(options.get_filename());
        let read_only = immutable || mode == Some("ro");
        let options = if read_only {
            served(options.filename(&file))
        } else {
            written(served(options.filename(&file))).create_if_missing(mode != Some("rw"))
        };
        Ok(Self {
            options,
            place: Place::File(file),
            read_only,
            own_folder: false,
            shown: String::new(),
        })
    }

    /// A file that is ours: it is made when it is not there, and its folder with it.
    pub(crate) fn file(path: PathBuf) -> Self {
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true);
        Self {
            options: written(served(options)),
            place: Place::File(path),
            read_only: false,
            own_folder: true,
            shown: String::new(),
        }
    }

    fn memory(options: SqliteConnectOptions) -> Self {
        Self {
            // Without the shared cache, each connection would open a database of its own.
            options: served(options).shared_cache(true),
            place: Place::Memory,
            read_only: false,
            own_folder: false,
            shown: String::new(),
        }
    }

    /// Sees to the folder before the file is opened: SQLite says only "unable to open database file".
    pub(super) fn prepare_folder(&self) -> Result<()> {
        let Place::File(path) = &self.place else {
            return Ok(());
        };
        let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty()) else {
            return Ok(());
        };
        if self.own_folder {
            return std::fs::create_dir_all(folder).map_err(|error| {
                Error::new(
                    ErrorKind::Unavailable,
                    format!(
                        "the folder {} of the database cannot be made",
                        folder.display()
                    ),
                )
                .with_source(error)
            });
        }
        if folder.is_dir() {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Configuration,
            format!(
                "the folder {} of the database is not there: make it, or set another path in DATABASE_URL (database.url)",
                folder.display()
            ),
        ))
    }
}

/// Settings for every way of opening.
fn served(options: SqliteConnectOptions) -> SqliteConnectOptions {
    options
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .thread_name(|number| format!("sqlite-{number}"))
        .disable_statement_logging()
}

/// Settings for a file that is written.
fn written(options: SqliteConnectOptions) -> SqliteConnectOptions {
    options
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Memory => f.write_str(":memory:"),
        }
    }
}
