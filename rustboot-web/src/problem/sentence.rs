//! What the standard shape says as the `detail` of an error of which only the status is known, so that each has one.

use super::ProblemOrigin;

/// For the person who sent the request. `title` when the status is a rare one.
pub(super) fn of(status: u16, origin: ProblemOrigin, title: &str) -> &str {
    match status {
        400 => "the request is not valid",
        401 => "this needs credentials, and those that were sent, if any, are not accepted",
        403 => "this is not allowed",
        404 if origin == ProblemOrigin::NoRoute => "there is nothing at this path",
        404 => "what the request is about does not exist",
        405 => "this path does not take this method",
        408 => "the request took too long",
        409 => "this conflicts with what is there already",
        410 => "what the request is about existed once, and is gone",
        413 => "the body is larger than allowed",
        415 => "the body is of a kind that is not taken here",
        422 => "the request can be read, and is not valid",
        429 => "there were too many requests; try again later",
        503 => "the service cannot answer this at the moment; try again later",
        504 => "a service behind this one did not answer in time",
        500.. => "the service failed; its log has the reason under the request_id",
        _ => title,
    }
}
