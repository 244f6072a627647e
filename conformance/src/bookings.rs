//! An application's own errors: `#[derive(Problem)]` beside thiserror's `Error`.

use rustboot::FieldError;
use rustboot::prelude::*;
use thiserror::Error;

/// Why a room cannot be booked.
#[derive(Debug, Error, Problem)]
#[problem(base = "https://rooms.example/problems/")]
enum BookingError {
    #[error("room {room} is taken until {until}")]
    #[problem(status = 409, type = "room-taken")]
    Taken {
        #[problem(member)]
        room: u32,
        #[problem(member = "free_at")]
        until: String,
    },
    #[error("guest {0} is on the list of the secret internals")]
    #[problem(
        status = 403,
        type = "/problems/refused",
        title = "Not welcome",
        detail = "this guest cannot book"
    )]
    Refused(String),
    #[error("booked {0} times")]
    #[problem(
        status = 429,
        header = "Retry-After: {1}",
        header = "X-Limit: {0} a day"
    )]
    TooOften(u32, u64),
    #[error("log in first")]
    #[problem(status = 401, header = "WWW-Authenticate: Bearer realm=\"rooms\"")]
    Anonymous,
    #[error("the booking is not valid")]
    #[problem(status = 422)]
    Invalid(#[problem(errors)] Vec<FieldError>),
    #[error("the payment provider says {status}")]
    #[problem(
        status = 502,
        type = "payment",
        detail = "the payment provider does not answer"
    )]
    Payment {
        status: u16,
        #[problem(member)]
        error_code: &'static str,
        #[source]
        cause: std::io::Error,
    },
    #[error("a header that cannot be sent: {0}")]
    #[problem(status = 418, header = "X-Reason: {0}")]
    Teapot(String),
    #[error(transparent)]
    #[problem(transparent)]
    Room(#[from] NoRoom),
    #[error(transparent)]
    #[problem(transparent)]
    File(#[from] std::io::Error),
    #[error("{0}")]
    #[problem(transparent)]
    Other(#[problem(from)] Error),
}

/// A struct, and the error inside of another.
#[derive(Debug, Error, Problem)]
#[error("there is no room {0}")]
#[problem(status = 404, type = "https://rooms.example/problems/no-room")]
struct NoRoom(#[problem(member = "room")] u32);

fn fail(how: &str) -> Result<(), BookingError> {
    match how {
        "taken" => Err(BookingError::Taken {
            room: 7,
            until: "noon".to_owned(),
        }),
        "refused" => Err(BookingError::Refused("Ann".to_owned())),
        "too-often" => Err(BookingError::TooOften(3, 60)),
        "anonymous" => Err(BookingError::Anonymous),
        "invalid" => Err(BookingError::Invalid(
            Error::invalid("")
                .with_field("/guests/0/name", "is empty")
                .with_parameter("from", "is in the past")
                .fields()
                .to_vec(),
        )),
        "payment" => Err(BookingError::Payment {
            status: 500,
            error_code: "P-17",
            cause: std::io::Error::other("the secret internals of a provider"),
        }),
        "teapot" => Err(BookingError::Teapot("two\nlines".to_owned())),
        "room" => Err(NoRoom(8))?,
        "file" => Err(std::io::Error::other("the secret internals of a file"))?,
        "conflict" => Err(Error::conflict("somebody was faster").with_member("winner", "Bob"))?,
        _ => Ok(()),
    }
}

/// The error as it is.
#[get("/bookings/{how}")]
async fn direct(Path(how): Path<String>) -> Result<(), BookingError> {
    fail(&how)
}

/// The same through `?` into the framework's error, with a word on the way.
#[get("/bookings/{how}/converted")]
async fn converted(Path(how): Path<String>) -> Result<()> {
    fail(&how)?;
    Ok(())
}

/// An error of the application as a cause: whoever wraps it says what it means.
#[get("/bookings/{how}/wrapped")]
async fn wrapped(Path(how): Path<String>) -> Result<()> {
    match fail(&how) {
        Ok(()) => Ok(()),
        Err(error) => Err(Error::internal("the secret internals of a wrapper").with_source(error)),
    }
}
