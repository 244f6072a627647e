//! An HTTP listener: accepts connections, serves them, and stops without losing a request.
//!
//! Our own accept loop over hyper-util, because `axum::serve` arms no header timeout, knows no limit of connections and
//! waits for ever at the end. What it will not do: decide what is answered; that is the pipeline's.

mod accept;
mod address;
mod connection;
mod ends;
#[cfg(all(unix, feature = "systemd"))]
mod inherited;
mod preface;
mod seldom;
mod server;
mod socket;
mod stalled;
mod tcp;
pub(crate) mod tls;
#[cfg(unix)]
mod unix;

pub use address::SocketMode;
pub(crate) use address::{Address, Places};
pub(crate) use connection::ConnectionSettings;
pub(crate) use ends::Patience;
pub(crate) use server::{HttpServer, Surface};
