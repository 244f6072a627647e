//! The management endpoints, without a transport: what they say. rustboot-web serves them; other crates add theirs
//! ([`AppBuilder::endpoint`](crate::app::AppBuilder::endpoint)), as rustboot-observe does with `/metrics`.

mod endpoint;
mod health;
mod info;
mod state;

pub use endpoint::{Access, Call, Endpoint, Exposure, Reply, ReplyBody};

/// The endpoints that every application has.
pub(crate) fn built_in() -> Vec<Endpoint> {
    let mut endpoints = health::endpoints();
    endpoints.push(info::endpoint());
    endpoints.extend(state::endpoints());
    endpoints
}
