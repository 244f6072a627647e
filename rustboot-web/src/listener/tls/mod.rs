//! TLS of a listener, by rustls and ring: certificates from files, replaced without dropping a connection.
//!
//! [`TlsConfig`] is there with and without the feature `tls`, so that keys which nothing can obey are an error and no
//! silence. It will not fetch certificates from anywhere (ACME): who renews them writes files.

#[cfg(feature = "tls")]
mod acceptor;
mod config;
#[cfg(feature = "tls")]
mod material;
#[cfg(feature = "tls")]
mod probe;
#[cfg(feature = "tls")]
mod validity;
#[cfg(not(feature = "tls"))]
mod without;

#[cfg(feature = "tls")]
pub(crate) use acceptor::Tls;
#[cfg(feature = "tls")]
pub(crate) use probe::connect;
#[cfg(not(feature = "tls"))]
pub(crate) use without::{Tls, connect};

pub use config::{ClientAuth, TlsConfig};

#[cfg(all(test, feature = "tls"))]
mod tests;
