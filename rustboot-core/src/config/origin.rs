//! Where a value came from, in the spelling of the source.

use std::fmt;

use crate::source::Location;

/// Where a value came from.
///
/// `Display` gives the short form that `app config` and `/env` show; the reports use a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// The default of the field, or of the framework.
    Default,
    /// A file, with the line where it is known.
    File {
        /// The path, relative to the application's folder where it lies below it.
        path: String,
        /// The line, from 1.
        line: Option<u32>,
    },
    /// An environment variable.
    Env {
        /// Its name.
        name: String,
    },
    /// A file that holds one secret.
    Secret {
        /// Its path.
        path: String,
        /// The `NAME_FILE` variable that named the file, when one did.
        variable: Option<String>,
    },
    /// A [`SecretSource`](super::SecretSource).
    SecretSource {
        /// The name of the source.
        source: String,
        /// Where it stands there.
        place: String,
    },
    /// A command-line argument.
    Argument {
        /// As it was written, without the value: `--server.port`.
        name: String,
    },
    /// A [`ServiceProvider`](crate::app::ServiceProvider), which started what the value is about.
    Service {
        /// Its name.
        provider: String,
    },
    /// A call in the application's code.
    Code(Location),
}

impl Origin {
    /// As the second line of a problem.
    pub(crate) fn sentence(&self) -> String {
        match self {
            Self::Default => "the default in the code".to_owned(),
            Self::File { .. } => format!("set in {self}"),
            Self::Env { name } => format!("set by the environment variable {name}"),
            Self::Secret {
                path,
                variable: Some(variable),
            } => format!("set by the file {path}, which the environment variable {variable} names"),
            Self::Secret { path, .. } => format!("set by the secret file {path}"),
            Self::SecretSource { source, place } => {
                format!("set by the secret source {source} ({place})")
            }
            Self::Argument { name } => format!("set by the argument {name}"),
            Self::Service { provider } => format!("set by {provider}"),
            Self::Code(location) => format!("set in the code at {location}"),
        }
    }

    /// Whether somebody wrote the key for this application. The environment is shared with others, so that a name nobody
    /// knows is a warning there and an error here.
    pub(crate) fn is_ours_alone(&self) -> bool {
        matches!(
            self,
            Self::File { .. } | Self::Argument { .. } | Self::Code(_)
        )
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File {
                path,
                line: Some(line),
            } => write!(f, "{path}:{line}"),
            Self::File { path, line: None } => f.write_str(path),
            Self::Env { name } => write!(f, "env {name}"),
            Self::Secret { path, .. } => write!(f, "secret {path}"),
            Self::SecretSource { source, place } => write!(f, "secret {source} {place}"),
            Self::Argument { name } => write!(f, "argument {name}"),
            Self::Service { provider } => f.write_str(provider),
            Self::Code(location) => write!(f, "code {location}"),
        }
    }
}
