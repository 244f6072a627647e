//! A server that was started here, or one that runs elsewhere and that a variable names.

use crate::error::{Result, ServerError};
use crate::server::Server;

#[derive(Debug)]
pub(crate) enum Origin {
    Here(Server),
    Elsewhere {
        server: &'static str,
        variable: &'static str,
    },
}

impl Origin {
    pub(crate) fn server(&self) -> Result<&Server> {
        match self {
            Self::Here(server) => Ok(server),
            Self::Elsewhere { server, variable } => Err(ServerError::NotOurs { server, variable }),
        }
    }
}

/// The URL in a variable of the environment; an empty one counts as none.
#[expect(
    clippy::disallowed_methods,
    reason = "there is no configuration here: a variable of the tests, not of an application"
)]
pub(crate) fn url_in(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|url| !url.is_empty())
}

/// `scheme://login@host:port` and the name of the database behind it.
pub(crate) fn base_and_database(url: &str) -> (&str, &str) {
    let host = url.find("://").map_or(0, |at| at + 3);
    match url[host..].find('/') {
        Some(slash) => (&url[..host + slash], &url[host + slash + 1..]),
        None => (url, ""),
    }
}

/// What every server can do, for the three types that have an `origin`.
macro_rules! controls {
    ($server:ident) => {
        impl $server {
            /// Ends it in good order, and waits for that. [`restart`](Self::restart) brings it back, with its data.
            ///
            /// # Errors
            /// It does not run, or was not started here.
            pub fn stop(&self) -> Result<(), ServerError> {
                self.origin.server()?.stop()
            }

            /// Ends it with SIGKILL, its children included, and waits until they are gone. Connections are reset, and
            /// the port refuses new ones, until a [`restart`](Self::restart).
            ///
            /// # Errors
            /// It does not run, or was not started here.
            pub fn kill(&self) -> Result<(), ServerError> {
                self.origin.server()?.kill()
            }

            /// Freezes it with SIGSTOP, its children included. Connections stay open and new ones are accepted by the
            /// system, but nothing answers, until [`resume`](Self::resume).
            ///
            /// # Errors
            /// It does not run, or was not started here.
            pub fn pause(&self) -> Result<(), ServerError> {
                self.origin.server()?.pause()
            }

            /// Lets it go on after a [`pause`](Self::pause).
            ///
            /// # Errors
            /// It does not run, or was not started here.
            pub fn resume(&self) -> Result<(), ServerError> {
                self.origin.server()?.resume()
            }

            /// Starts it again, on the same port and with the same data, and waits until it answers. One that runs is
            /// stopped first.
            ///
            /// # Errors
            /// It does not start, or was not started here.
            pub fn restart(&self) -> Result<(), ServerError> {
                self.origin.server()?.restart()
            }

            /// Its process, while there is one of ours.
            pub fn pid(&self) -> Option<u32> {
                self.origin.server().ok()?.pid()
            }
        }
    };
}

pub(crate) use controls;
