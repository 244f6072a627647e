//! What an error of Redis means to whoever made the request.

use std::io;

use redis::{ErrorKind as Kind, RedisError, ServerErrorKind};
use rustboot_core::error::Classified;
use rustboot_core::{Error, ErrorKind};

/// Looks for an error of Redis in the causes of an error. For `AppBuilder::classify`.
pub(crate) fn classify(error: &Error) -> Option<Classified> {
    let (kind, detail) = redis_kind_of(error.find::<RedisError>()?)?;
    Some(Classified::new(kind, detail))
}

/// The kind that an error of redis stands for, with a sentence that a client may read; `None` for what is a bug on our side: a
/// wrong type, a script that fails, a command that the server does not know.
///
/// | error | kind | status |
/// |---|---|---|
/// | no answer within `redis.command_timeout` | `Timeout` | 503 |
/// | not connected, connection lost, not let in, too many commands in flight | `Unavailable` | 503 |
/// | the server is loading, read-only, out of memory, without a primary or without a quorum | `Unavailable` | 503 |
/// | the keys have moved to another node of a cluster, and what was sent does not follow them | `Unavailable` | 503 |
pub fn redis_kind_of(error: &RedisError) -> Option<(ErrorKind, &'static str)> {
    if error.is_timeout() {
        return Some((ErrorKind::Timeout, "Redis did not answer in time"));
    }
    match error.kind() {
        Kind::Io
        | Kind::AuthenticationFailed
        | Kind::ClusterConnectionNotFound
        | Kind::MasterNameNotFoundBySentinel
        | Kind::NoValidReplicasFoundBySentinel
        | Kind::RESP3NotSupported => Some((ErrorKind::Unavailable, "Redis cannot be reached")),
        Kind::Server(
            ServerErrorKind::BusyLoading
            | ServerErrorKind::ClusterDown
            | ServerErrorKind::MasterDown
            | ServerErrorKind::ReadOnly
            | ServerErrorKind::TryAgain
            // The keys are on their way to another node, and the command could not follow them.
            | ServerErrorKind::Moved
            | ServerErrorKind::Ask,
        ) => Some((ErrorKind::Unavailable, "Redis is not ready")),
        Kind::Extension => match error.code() {
            Some("OOM" | "MISCONF" | "NOREPLICAS" | "BUSY" | "UNBLOCKED" | "NOQUORUM") => {
                Some((ErrorKind::Unavailable, "Redis is not ready"))
            }
            Some("NOAUTH" | "WRONGPASS") => {
                Some((ErrorKind::Unavailable, "Redis cannot be reached"))
            }
            _ => None,
        },
        _ => None,
    }
}

/// Whether an error is what the server said, and not that it said nothing.
#[cfg(feature = "cache")]
pub(crate) fn has_answered(error: &RedisError) -> bool {
    !error.is_timeout()
        && matches!(
            error.kind(),
            Kind::Server(_) | Kind::Extension | Kind::UnexpectedReturnType
        )
}

/// An error of redis as one of ours. `what` is for the log.
pub(crate) fn from_redis(error: RedisError, what: impl std::fmt::Display) -> Error {
    let kind = redis_kind_of(&error).map_or(ErrorKind::Internal, |(kind, _)| kind);
    Error::new(kind, what.to_string()).with_source(error)
}

/// There was no answer in time.
pub(crate) fn timed_out(what: impl std::fmt::Display) -> RedisError {
    io::Error::new(io::ErrorKind::TimedOut, what.to_string()).into()
}

/// There is nobody to ask.
pub(crate) fn not_connected(what: impl std::fmt::Display) -> RedisError {
    io::Error::new(io::ErrorKind::NotConnected, what.to_string()).into()
}

/// There is no room for more.
pub(super) fn no_room(what: impl std::fmt::Display) -> RedisError {
    io::Error::new(io::ErrorKind::ResourceBusy, what.to_string()).into()
}
