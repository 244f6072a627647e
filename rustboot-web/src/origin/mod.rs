//! Where a page comes from (RFC 6454): what a browser says of it, and which of them an application allows.

mod allowed;

pub use allowed::AllowedOrigin;
pub(crate) use allowed::Origin;
#[cfg(feature = "ws")]
pub(crate) use allowed::{default_port, host_and_port};
