//! `[server]` and `[management]`.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use rustboot_core::ByteSize;
use rustboot_core::config::{Describe, Field, Properties};
use rustboot_core::source::Location;
use serde::Deserialize;

use crate::client_ip::{ForwardedHeader, Network};
use crate::listener::SocketMode;

/// The main listener and its limits.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct ServerConfig {
    /// The address to listen on. Only this machine in dev.
    pub host: IpAddr,
    /// The port to listen on; 0 picks a free one.
    pub port: u16,
    /// The path of a Unix socket to listen on, instead of the port; beside it when something sets the port.
    pub unix_socket: Option<PathBuf>,
    /// Who may connect to it.
    pub unix_socket_mode: SocketMode,
    /// How long a request may take, from its head to the head of the answer. Then 503.
    pub request_timeout: Duration,
    /// How long a client may take to send the head of a request. Then the connection is closed.
    pub header_read_timeout: Duration,
    /// How long a connection may be idle between two requests. Then it is closed.
    pub keep_alive_timeout: Duration,
    /// How long a client may read nothing while a part of an answer waits for it. Then the connection is closed.
    pub write_timeout: Duration,
    /// The largest request body. Then 413.
    pub body_limit: ByteSize,
    /// The largest request head. Then 431.
    pub header_limit: ByteSize,
    /// How many connections may be open; further ones wait in the operating system's queue.
    pub max_connections: usize,
    /// How many requests may be in flight; further ones get 503. `None` for no limit.
    pub max_in_flight: Option<usize>,
    /// Networks whose forwarding headers are believed.
    pub trusted_proxies: Vec<Network>,
    /// The header in which they say who is calling.
    pub forwarded_header: ForwardedHeader,
}

impl Describe for ServerConfig {
    fn fields() -> Vec<Field> {
        vec![
            Field::new("host", "IpAddr", "The address to listen on. Only this machine in dev.").typed::<IpAddr>().restart()
                .default_by_profile("127.0.0.1", "0.0.0.0"),
            Field::new("port", "u16", "The port to listen on; 0 picks a free one.").typed::<u16>().restart().default_text("8080"),
            Field::new(
                "unix_socket",
                "Option<PathBuf>",
                "The path of a Unix socket to listen on, instead of the port; beside it when something sets the port.",
            ).typed::<Option<PathBuf>>().restart()
            .optional(true),
            // The owner and the group: who runs the proxy has to be in it.
            Field::new(
                "unix_socket_mode",
                "SocketMode",
                "The permissions of the Unix socket, in octal. Connecting takes the permission to write.",
            ).typed::<SocketMode>().restart()
            .default_text("0660"),
            Field::new(
                "request_timeout",
                "Duration",
                "How long a request may take, from its head to the head of the answer. Then 503.",
            ).typed::<Duration>().restart()
            .default_text("30s"),
            Field::new(
                "header_read_timeout",
                "Duration",
                "How long a client may take to send the head of a request. Then the connection is closed.",
            ).typed::<Duration>().restart()
            .default_text("10s"),
            // Longer than what proxies and load balancers keep idle connections for, which is 60s with nginx and AWS: the side that
            // sends the requests has to be the one that closes, or a request meets a closed connection.
            Field::new(
                "keep_alive_timeout",
                "Duration",
                "How long a connection may be idle between two requests. Then it is closed.",
            ).typed::<Duration>().restart()
            .default_text("75s"),
            // Half of what nginx allows by default: here, what waits is in our memory.
            Field::new(
                "write_timeout",
                "Duration",
                "How long a client may read nothing while a part of an answer waits for it. Then the connection is closed.",
            ).typed::<Duration>().restart()
            .default_text("30s"),
            Field::new("body_limit", "ByteSize", "The largest request body. Then 413.").typed::<ByteSize>().restart().default_text("2MiB"),
            // What one connection may make us buffer before anything is known about it.
            Field::new("header_limit", "ByteSize", "The largest request head. Then 431.").typed::<ByteSize>().restart().default_text("64KiB"),
            Field::new(
                "max_connections",
                "usize",
                "How many connections may be open; further ones wait in the operating system's queue.",
            ).typed::<usize>().restart()
            .default_text("10000"),
            Field::new(
                "max_in_flight",
                "Option<usize>",
                "How many requests may be in flight; further ones get 503. Unset for no limit.",
            ).typed::<Option<usize>>().restart()
            .optional(true),
            Field::new(
                "trusted_proxies",
                "Vec<Network>",
                "Networks whose forwarding headers are believed, such as 10.0.0.0/8.",
            ).typed::<Vec<Network>>().restart()
            .default_list(&[]),
            Field::new(
                "forwarded_header",
                "ForwardedHeader",
                "The header in which trusted proxies say who is calling: x-forwarded-for, forwarded, or one with a single address such as x-real-ip.",
            ).typed::<ForwardedHeader>().restart()
            .default_text("x-forwarded-for"),
        ]
    }
}

/// hyper cannot buffer less than this, and a smaller limit would be a silent lie.
const SMALLEST_HEADER_LIMIT: u64 = 8192;

impl Properties for ServerConfig {
    const PREFIX: &'static str = "server";
    const NAME: &'static str = "ServerConfig";
    const LOCATION: Location = Location::new(file!(), line!());

    fn check(&self, problems: &mut Vec<(String, String)>) {
        if self.header_limit.as_u64() < SMALLEST_HEADER_LIMIT {
            problems.push((
                "header_limit".to_owned(),
                "expected at least 8KiB".to_owned(),
            ));
        }
        if let Some(path) = &self.unix_socket {
            if path.as_os_str().is_empty() {
                problems.push((
                    "unix_socket".to_owned(),
                    "expected a path, or nothing".to_owned(),
                ));
            } else if cfg!(not(unix)) {
                problems.push((
                    "unix_socket".to_owned(),
                    "this operating system has no Unix sockets that a program can listen on; leave it out".to_owned(),
                ));
            }
        }
        if self.max_connections == 0 {
            problems.push((
                "max_connections".to_owned(),
                "expected at least 1".to_owned(),
            ));
        }
        if self.max_in_flight == Some(0) {
            problems.push(("max_in_flight".to_owned(), "expected at least 1".to_owned()));
        }
        for (key, value) in [
            ("request_timeout", self.request_timeout),
            ("header_read_timeout", self.header_read_timeout),
            ("keep_alive_timeout", self.keep_alive_timeout),
            ("write_timeout", self.write_timeout),
        ] {
            if value.is_zero() {
                problems.push((key.to_owned(), "expected more than zero".to_owned()));
            }
        }
    }
}

/// The management listener.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct ManagementConfig {
    /// The address that the management listener listens on.
    pub host: IpAddr,
    /// Its port; 0 picks a free one. `None`: the endpoints are on the main listener.
    pub port: Option<u16>,
}

impl Describe for ManagementConfig {
    fn fields() -> Vec<Field> {
        vec![
            Field::new("host", "IpAddr", "The address that the management listener listens on.").typed::<IpAddr>().restart().default_text("127.0.0.1"),
            Field::new(
                "port",
                "Option<u16>",
                "The port of the management listener; 0 picks a free one. Unset: the endpoints are on the main listener.",
            ).typed::<Option<u16>>().restart()
            .optional(true),
        ]
    }
}

impl Properties for ManagementConfig {
    const PREFIX: &'static str = "management";
    const NAME: &'static str = "ManagementConfig";
    const LOCATION: Location = Location::new(file!(), line!());
}
