//! Compression of answers: which of them, and what their headers say of it
//! ([RFC 9110, sections 8.4 and 12.5.3](https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3)).
//!
//! `[server.compression]` becomes a [`Policy`] at start. The pipeline asks it what the client takes while it has the head of
//! the request, and what to do with the answer once that is complete; the body is compressed by `pipeline::gzipped`, as the
//! client takes it. Without the section there is nothing but an `Option` to look at.
//!
//! [`CompressionConfig`] is there with and without the feature `compression`, so that keys which nothing can obey are an error
//! and no silence. It knows gzip alone: every client does, and Brotli and Zstandard are years of compile time or C. It does not
//! decompress requests.
//!
//! Why not tower-http's `CompressionLayer`: it goes around one router, so that neither attribute routes nor problems nor management
//! endpoints would be compressed; and it takes an answer of any size and ratio in one go, on the thread that others wait for.

mod config;
mod media_range;
mod never;
#[cfg(feature = "compression")]
mod policy;
#[cfg(all(test, feature = "compression"))]
mod tests;

pub use config::CompressionConfig;
pub use media_range::MediaRange;
#[cfg(feature = "compression")]
pub(crate) use policy::Policy;
