//! Errors as problem details (RFC 9457).
//!
//! Every error response goes through here, whoever made it: our [`Error`](rustboot_core::Error), an extractor's rejection,
//! axum's 404, a timeout, a panic. One promise: what a 5xx says about the inside stays in the log; the client gets the
//! request id to ask with.
//!
//! A response is [explained](explained) first, which logs what only we may know, and then [rendered](render) in the shape
//! that the application chose.

mod body;
mod explained;
pub(crate) mod rejection;
mod render;
mod sentence;

pub(crate) use body::ProblemDetails;
pub use body::{ErrorBody, Problem, ProblemOrigin};
pub(crate) use explained::{Explained, explain_response};
pub(crate) use render::{Asked, problem_response};
