//! Answers whose type says more than axum's: a status and a header that the OpenAPI document can know.

mod location;
mod status;

pub use location::Location;
pub use status::Status;
