//! The classes of errors, and what each means to a caller and to the process.

/// The class of an [`Error`](super::Error). Names follow HTTP where it has one, since that is what people look up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Malformed request: 400.
    BadRequest,
    /// Nobody is logged in, or the proof is not accepted: 401.
    Unauthorized,
    /// Known, and not allowed: 403.
    Forbidden,
    /// There is no such thing: 404.
    NotFound,
    /// It collides with the present state: 409.
    Conflict,
    /// It was there and is gone for good: 410.
    Gone,
    /// The content is larger than allowed: 413.
    TooLarge,
    /// The content is of a kind that is not understood: 415.
    UnsupportedMediaType,
    /// Understood, and not valid: 422.
    Invalid,
    /// Too many requests from this caller: 429.
    TooManyRequests,
    /// A bug, or anything else that is not the caller's doing: 500.
    Internal,
    /// A dependency is down, or there is no room right now: 503. At start, exit code 69.
    Unavailable,
    /// It took longer than allowed: 503. At start, exit code 69.
    Timeout,
    /// Configuration or wiring: 500. At start, exit code 78.
    Configuration,
}

impl ErrorKind {
    /// The HTTP status that stands for this kind.
    pub const fn status(self) -> u16 {
        match self {
            Self::BadRequest => 400,
            Self::Unauthorized => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Conflict => 409,
            Self::Gone => 410,
            Self::TooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::Invalid => 422,
            Self::TooManyRequests => 429,
            Self::Internal | Self::Configuration => 500,
            Self::Unavailable | Self::Timeout => 503,
        }
    }

    /// The kind that comes nearest to a status: the one that stands for it, else any client error is a bad request, 504 a
    /// timeout, and any other 5xx internal.
    pub const fn from_status(status: u16) -> Self {
        match status {
            401 => Self::Unauthorized,
            403 => Self::Forbidden,
            404 => Self::NotFound,
            409 => Self::Conflict,
            410 => Self::Gone,
            413 => Self::TooLarge,
            415 => Self::UnsupportedMediaType,
            422 => Self::Invalid,
            429 => Self::TooManyRequests,
            503 => Self::Unavailable,
            504 => Self::Timeout,
            400..500 => Self::BadRequest,
            _ => Self::Internal,
        }
    }

    /// The exit code of a process that could not start because of such an error (`sysexits.h`: 69 EX_UNAVAILABLE,
    /// 78 EX_CONFIG).
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Configuration => 78,
            Self::Unavailable | Self::Timeout => 69,
            _ => 1,
        }
    }

    /// Whether the caller can do something about it, and so may read the detail.
    pub const fn is_client(self) -> bool {
        self.status() < 500
    }

    /// The reason phrase of the status (RFC 9110).
    pub const fn title(self) -> &'static str {
        match self {
            Self::BadRequest => "Bad Request",
            Self::Unauthorized => "Unauthorized",
            Self::Forbidden => "Forbidden",
            Self::NotFound => "Not Found",
            Self::Conflict => "Conflict",
            Self::Gone => "Gone",
            Self::TooLarge => "Content Too Large",
            Self::UnsupportedMediaType => "Unsupported Media Type",
            Self::Invalid => "Unprocessable Content",
            Self::TooManyRequests => "Too Many Requests",
            Self::Internal | Self::Configuration => "Internal Server Error",
            Self::Unavailable | Self::Timeout => "Service Unavailable",
        }
    }
}
