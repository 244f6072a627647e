//! The address of the request that a thread is polling, and its extractor.

use std::cell::Cell;
use std::net::IpAddr;

use axum::extract::FromRequestParts;
use http::request::Parts;
use rustboot_core::{Error, ErrorKind};

thread_local! {
    /// Set around each poll of a request by the pipeline; an entry in the request's extensions would allocate.
    static CURRENT: Cell<Option<IpAddr>> = const { Cell::new(None) };
}

/// Makes an address the one of the request that is being polled; gives back the one before.
pub(crate) fn replace_current(address: Option<IpAddr>) -> Option<IpAddr> {
    CURRENT
        .try_with(|current| current.replace(address))
        .ok()
        .flatten()
}

/// The address of the client, as an extractor. Behind a proxy it is the proxy's, unless `server.trusted_proxies` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientIp(pub IpAddr);

impl ClientIp {
    pub(crate) fn current() -> Result<Self, Error> {
        let current = CURRENT.try_with(Cell::get).ok().flatten();
        current.map(Self).ok_or_else(|| {
            Error::new(
                ErrorKind::Configuration,
                "the request did not come through Rustboot's pipeline",
            )
        })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ClientIp {
    type Rejection = Error;

    async fn from_request_parts(_parts: &mut Parts, _state: &S) -> Result<Self, Error> {
        Self::current()
    }
}
