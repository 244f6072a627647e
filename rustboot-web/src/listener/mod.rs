//! An HTTP listener: accepts connections, serves them, and stops without losing a request.
//!
//! Our own accept loop over hyper-util, because `axum::serve` arms no header timeout, knows no limit of connections and
//! waits for ever at the end. What it will not do: decide what is answered; that is the pipeline's.

mod accept;
mod connection;
mod preface;
mod seldom;
mod server;
mod socket;
pub(crate) mod tls;

pub(crate) use connection::ConnectionSettings;
pub(crate) use server::{HttpServer, Surface};
pub(crate) use socket::Address;
