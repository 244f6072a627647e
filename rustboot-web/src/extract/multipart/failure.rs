//! What the errors of the parser mean to whoever sent the form.

use std::borrow::Cow;
use std::error::Error as StdError;

use axum::extract::multipart::MultipartError;
use http::StatusCode;
use http_body_util::LengthLimitError;
use rustboot_core::error::Classified;
use rustboot_core::{Error, ErrorKind};

use super::metered::HeadTooLong;

/// An error of the parser as one of ours, with itself as the cause.
pub(super) fn told(error: multer::Error) -> Error {
    let Classified { kind, detail, .. } = meaning(&error);
    Error::new(kind, detail).with_source(error)
}

pub(super) fn too_many_fields(limit: usize) -> Error {
    Error::new(
        ErrorKind::TooLarge,
        format!("the form has more than {limit} fields"),
    )
}

pub(super) fn head_too_long(limit: usize) -> Error {
    Error::new(ErrorKind::TooLarge, HeadTooLong(limit).to_string())
}

/// For `AppBuilder::classify`: that of axum's `Multipart`, which a handler has passed on with `?`. Somebody else's use of the
/// parser, such as for the answer of another service, is none of the client's business.
pub(crate) fn classify(error: &Error) -> Option<Classified> {
    error.find::<MultipartError>()?;
    error.find::<multer::Error>().map(meaning)
}

/// What axum answers for a handler that returns a `MultipartError`. It says 500 as well when the client has gone away, or sent a
/// body that HTTP does not allow.
pub(crate) fn corrected(status: StatusCode, text: String) -> (StatusCode, String) {
    if status == StatusCode::INTERNAL_SERVER_ERROR && text == OF_MULTER {
        return (StatusCode::BAD_REQUEST, UNREADABLE.to_owned());
    }
    (status, text)
}

/// The text of `multer::Error::StreamReadFailed`.
const OF_MULTER: &str = "failed to read stream";

const UNREADABLE: &str = "the body could not be read to its end";

fn meaning(error: &multer::Error) -> Classified {
    use multer::Error as E;
    let of = |kind, detail: &str| Classified::new(kind, detail.to_owned());
    match error {
        E::StreamReadFailed(cause) => read_failed(&**cause),
        E::IncompleteFieldData { field_name } => {
            let name = field_name.as_deref().unwrap_or_default();
            let detail = format!("the form ends in the middle of the field `{name}`");
            of(ErrorKind::BadRequest, &detail)
        }
        E::IncompleteStream | E::IncompleteHeaders => of(
            ErrorKind::BadRequest,
            "the form is not complete: it ends too early, or a boundary is not where it should be",
        ),
        E::ReadHeaderFailed(_) | E::DecodeHeaderName { .. } | E::DecodeHeaderValue { .. } => of(
            ErrorKind::BadRequest,
            "the head of a field of the form is not valid",
        ),
        E::FieldSizeExceeded { .. } | E::StreamSizeExceeded { .. } => {
            of(ErrorKind::TooLarge, "the form is larger than allowed")
        }
        E::UnknownField { .. } => of(ErrorKind::BadRequest, "the form has an unknown field"),
        // A handler that holds two fields at once, with the parser itself.
        _ => of(ErrorKind::Internal, ""),
    }
}

/// The body could not be read.
fn read_failed(cause: &(dyn StdError + 'static)) -> Classified {
    let (kind, detail): (_, Cow<'static, str>) = if let Some(too_long) = find::<HeadTooLong>(cause)
    {
        (ErrorKind::TooLarge, too_long.to_string().into())
    } else if find::<LengthLimitError>(cause).is_some() {
        (
            ErrorKind::TooLarge,
            "the body is larger than allowed".into(),
        )
    } else {
        (ErrorKind::BadRequest, UNREADABLE.into())
    };
    Classified::new(kind, detail)
}

fn find<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        next = error.source();
    }
    None
}
