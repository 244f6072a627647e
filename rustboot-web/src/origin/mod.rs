//! Where a page comes from (RFC 6454): what a browser says of it, and which of them an application allows.

mod allowed;

pub use allowed::AllowedOrigin;
pub(crate) use allowed::{Origin, default_port, host_and_port};
