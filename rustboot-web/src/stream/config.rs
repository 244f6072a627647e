//! `[sse]` and `[websocket]`.

use std::time::Duration;

#[cfg(feature = "ws")]
use rustboot_core::ByteSize;
use rustboot_core::config::{Describe, Field, Properties};
use rustboot_core::source::Location;
use serde::Deserialize;

#[cfg(feature = "ws")]
use crate::origin::AllowedOrigin;

/// Limits of event streams. New values count for streams that begin after a reload.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct SseConfig {
    /// How many event streams may be open; further ones get 503.
    pub max_open: usize,
    /// How long an event stream may be quiet. Then a comment is sent, so that no proxy takes it for dead.
    pub keep_alive: Duration,
}

impl Describe for SseConfig {
    fn fields() -> Vec<Field> {
        vec![
            // Of the 10,000 connections of `server.max_connections`; as many are for WebSockets, and the rest for requests.
            Field::new(
                "max_open",
                "usize",
                "How many event streams may be open; further ones get 503.",
            )
            .typed::<usize>()
            .default_text("4000"),
            // The WHATWG's advice for legacy proxies, in the section on `text/event-stream`.
            Field::new(
                "keep_alive",
                "Duration",
                "How long an event stream may be quiet. Then a comment is sent, so that no proxy takes it for dead.",
            )
            .typed::<Duration>()
            .default_text("15s"),
        ]
    }
}

impl Properties for SseConfig {
    const PREFIX: &'static str = "sse";
    const NAME: &'static str = "SseConfig";
    const LOCATION: Location = Location::new(file!(), line!());

    fn check(&self, problems: &mut Vec<(String, String)>) {
        at_least_one("max_open", self.max_open, problems);
        more_than_zero("keep_alive", self.keep_alive, problems);
    }
}

/// Limits of WebSockets. New values count for those that begin after a reload.
#[cfg(feature = "ws")]
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct WebSocketConfig {
    /// How many may be open; further ones get 503.
    pub max_open: usize,
    /// Origins whose pages may open one, besides those of the same host.
    pub allowed_origins: Vec<AllowedOrigin>,
    /// The largest message of a client. Then it is closed with 1009.
    pub max_message_size: ByteSize,
    /// How long a client may be quiet before it is sent a ping.
    pub ping_interval: Duration,
    /// How long a client may be quiet, pings not answered. Then it is cut off.
    pub idle_timeout: Duration,
    /// How many messages wait in each direction; further ones make the sender wait.
    pub queue: usize,
    /// How long the end may take: the handler's, once the application stops, and then the client's answer to the close.
    pub close_timeout: Duration,
}

#[cfg(feature = "ws")]
impl Describe for WebSocketConfig {
    fn fields() -> Vec<Field> {
        vec![
            // As with event streams.
            Field::new("max_open", "usize", "How many may be open; further ones get 503.")
                .typed::<usize>()
                .default_text("4000"),
            // What Spring allows: pages of the same host, and clients that are no browsers.
            Field::new(
                "allowed_origins",
                "Vec<AllowedOrigin>",
                "Origins whose pages may open one, besides those of the same host: https://app.example, https://*.app.example, or * for all.",
            )
            .typed::<Vec<AllowedOrigin>>()
            .default_list(&[]),
            // Half of `server.body_limit`: messages come again and again.
            Field::new(
                "max_message_size",
                "ByteSize",
                "The largest message of a client. Then it is closed with 1009.",
            )
            .typed::<ByteSize>()
            .default_text("1MiB"),
            // Twice within the 60 seconds after which most proxies and load balancers take a connection for idle.
            Field::new(
                "ping_interval",
                "Duration",
                "How long a client may be quiet before it is sent a ping.",
            )
            .typed::<Duration>()
            .default_text("25s"),
            // Two pings that were not answered, and a little.
            Field::new(
                "idle_timeout",
                "Duration",
                "How long a client may be quiet, pings not answered. Then it is cut off.",
            )
            .typed::<Duration>()
            .default_text("60s"),
            Field::new(
                "queue",
                "usize",
                "How many messages wait in each direction; further ones make the sender wait.",
            )
            .typed::<usize>()
            .default_text("32"),
            Field::new(
                "close_timeout",
                "Duration",
                "How long the end may take: the handler's, once the application stops, and then the client's answer to the close.",
            )
            .typed::<Duration>()
            .default_text("5s"),
        ]
    }
}

#[cfg(feature = "ws")]
impl Properties for WebSocketConfig {
    const PREFIX: &'static str = "websocket";
    const NAME: &'static str = "WebSocketConfig";
    const LOCATION: Location = Location::new(file!(), line!());

    fn check(&self, problems: &mut Vec<(String, String)>) {
        at_least_one("max_open", self.max_open, problems);
        at_least_one("queue", self.queue, problems);
        more_than_zero("ping_interval", self.ping_interval, problems);
        more_than_zero("close_timeout", self.close_timeout, problems);
        if self.max_message_size.as_u64() == 0 {
            problems.push((
                "max_message_size".to_owned(),
                "expected at least 1B".to_owned(),
            ));
        }
        if self.idle_timeout <= self.ping_interval {
            problems.push((
                "idle_timeout".to_owned(),
                "expected more than websocket.ping_interval: a client is quiet until it is asked"
                    .to_owned(),
            ));
        }
    }
}

fn at_least_one(key: &str, value: usize, problems: &mut Vec<(String, String)>) {
    if value == 0 {
        problems.push((key.to_owned(), "expected at least 1".to_owned()));
    }
}

fn more_than_zero(key: &str, value: Duration, problems: &mut Vec<(String, String)>) {
    if value.is_zero() {
        problems.push((key.to_owned(), "expected more than zero".to_owned()));
    }
}
