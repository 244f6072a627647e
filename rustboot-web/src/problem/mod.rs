//! Errors as problem details (RFC 9457).
//!
//! Every error response goes through here, whoever made it: our [`Error`], an extractor's rejection, axum's 404, a timeout,
//! a panic. One promise: what a 5xx says about the inside stays in the log; the client gets the request id to ask with.

mod render;
mod response;

pub use render::{ErrorBody, Problem};
pub(crate) use render::{Explained, ProblemDetails};
pub(crate) use response::{explain_response, problem_response};
