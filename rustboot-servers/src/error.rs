//! Why a server could not be started, stopped or changed.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Why a server could not be started, stopped or changed. The message says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// None of its programs is here.
    #[error(
        "{server} is not installed: found no `{program}` in {places}\nhelp: {install}\nhelp: or set {variable} to the URL of one that runs"
    )]
    NotInstalled {
        /// `PostgreSQL`, `Redis`, `MariaDB`.
        server: &'static str,
        /// What was looked for.
        program: &'static str,
        /// Where.
        places: String,
        /// The commands that install it.
        install: &'static str,
        /// The variable that names a running one.
        variable: &'static str,
    },
    /// It ended while it started.
    #[error("{server} ended while it started; its log ends with:\n{log}")]
    Ended {
        /// Which one.
        server: &'static str,
        /// The end of its log.
        log: String,
    },
    /// It runs, and does not answer.
    #[error("{server} was not ready after {waited:?}; its log ends with:\n{log}")]
    NotReady {
        /// Which one.
        server: &'static str,
        /// How long it had.
        waited: Duration,
        /// The end of its log.
        log: String,
    },
    /// It belongs to somebody else: its URL came from a variable.
    #[error(
        "{server} was not started here (its URL is from {variable}), so it cannot be stopped, killed or paused here"
    )]
    NotOurs {
        /// Which one.
        server: &'static str,
        /// The variable that names it.
        variable: &'static str,
    },
    /// It is not in the state that the call needs.
    #[error("{server} is not running")]
    NotRunning {
        /// Which one.
        server: &'static str,
    },
    /// Root's servers run as another account, and that cannot get to the folder for its data.
    #[error(
        "the account {account}, which root's server runs as, may not enter {closed}, and its data would be in {folder}",
        closed = closed.display(),
        folder = folder.display()
    )]
    Closed {
        /// Who the server would run as.
        account: &'static str,
        /// The folder that it may not enter.
        closed: PathBuf,
        /// The folder for the data.
        folder: PathBuf,
    },
    /// A program that was asked for something refused.
    #[error("{doing}: {answer}")]
    Refused {
        /// What was asked for.
        doing: String,
        /// What it said.
        answer: String,
    },
    /// The operating system refused.
    #[error("{doing}: {source}")]
    Io {
        /// What was being done.
        doing: String,
        /// Why it did not work.
        source: io::Error,
    },
}

impl ServerError {
    pub(crate) fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Io { doing, source }
    }
}

/// The result of this crate's calls.
pub(crate) type Result<T, E = ServerError> = std::result::Result<T, E>;
