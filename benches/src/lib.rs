//! What the bench of the request path and the counter share: the applications to compare, the requests, and a client
//! that costs next to nothing. The applications themselves are in the binary `serve`, a process of its own.

pub mod budget;
pub mod callgrind;
pub mod client;
pub mod endpoint;
pub mod payload;
pub mod server;
pub mod table;
pub mod variant;
