//! What the bench of the request path and the counter share: the applications to compare, the requests, and a client
//! that costs next to nothing. The applications themselves are in the binaries `serve` and `rows`, processes of their own.

pub mod budget;
pub mod callgrind;
pub mod client;
pub mod endpoint;
pub mod far_away;
pub mod payload;
pub mod phases;
pub mod server;
pub mod table;
pub mod variant;
