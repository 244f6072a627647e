//! Cross-origin resource sharing: which pages of other origins may read the answers of this service
//! ([Fetch, section 3.2](https://fetch.spec.whatwg.org/#http-cors-protocol)).
//!
//! `[server.cors]` becomes a [`Policy`] at start, and the pipeline asks that before it looks for a route: a preflight is
//! answered there, whatever routes there are, and every other answer gets its headers on the way out, errors of every
//! kind included: a page that cannot read a 401 or 503 shows "network error" instead. Without the section there is
//! nothing but an `Option` to look at.
//!
//! Why not tower-http's `CorsLayer`: it goes around one router, so that neither attribute routes nor what the pipeline itself answers
//! would have its headers; it costs six allocations a request; and `*` with credentials is a panic there.

mod config;
mod policy;
#[cfg(test)]
mod tests;

pub use config::CorsConfig;
pub(crate) use policy::{Policy, Preflight};
