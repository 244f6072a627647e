//! What an answer depends on in the head of its request: the codings that a client takes ([`Coding`]), and saying so
//! ([`add_vary`]). Media types and languages are the business of handlers.

#[cfg(any(feature = "compression", feature = "openapi"))]
mod coding;
mod vary;
#[cfg(any(feature = "compression", feature = "openapi", feature = "static-files"))]
mod weight;

#[cfg(any(feature = "compression", feature = "openapi"))]
pub(crate) use coding::Coding;
#[cfg(feature = "compression")]
pub(crate) use coding::preferred;
#[cfg(feature = "openapi")]
pub(crate) use coding::takes_gzip;
pub(crate) use vary::add_vary;
#[cfg(feature = "static-files")]
pub(crate) use weight::weight;
