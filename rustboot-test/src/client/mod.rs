//! Requests to the application of a test, and what is said about their answers.

mod connection;
mod problem;
mod request;
mod response;

pub(crate) use connection::Target;
pub use problem::Problem;
pub use request::TestRequest;
pub use response::TestResponse;
