//! What arrives.

use std::sync::Arc;

use bytes::Bytes;
use rustboot_core::{Error, Result};
use serde::de::DeserializeOwned;

/// A message of a channel. Cloning copies a pointer: all subscribers of a process share one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    channel: Arc<str>,
    payload: Bytes,
}

impl Message {
    pub(super) fn new(channel: &Arc<str>, payload: Bytes) -> Self {
        Self {
            channel: Arc::clone(channel),
            payload,
        }
    }

    /// The channel, as it was subscribed to.
    pub fn channel(&self) -> &str {
        &self.channel
    }

    /// What was published.
    pub fn payload(&self) -> &Bytes {
        &self.payload
    }

    /// What was published, without a copy.
    pub fn into_payload(self) -> Bytes {
        self.payload
    }

    /// The payload as text.
    ///
    /// # Errors
    /// `Internal` when it is no UTF-8.
    pub fn text(&self) -> Result<&str> {
        std::str::from_utf8(&self.payload).map_err(|error| self.unreadable().with_source(error))
    }

    /// The payload as JSON of a type, as [`PubSub::publish_json`](super::PubSub::publish_json) writes it.
    ///
    /// # Errors
    /// `Internal` when it is something else.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.payload).map_err(|error| self.unreadable().with_source(error))
    }

    fn unreadable(&self) -> Error {
        Error::internal(format!(
            "a message of the channel `{}` is not what was expected",
            self.channel
        ))
    }
}
