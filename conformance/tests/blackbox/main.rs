//! What a client, a shell and a platform see of a Rustboot application: the binary `service` is started as a process, and
//! everything is asked for through sockets, signals, files and exit codes.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the harness runs only in tests, where a panic is the report"
)]

mod harness;
mod http;

mod commands;
mod exposition;
mod load;
mod origins;
mod reports;
mod secrets;
mod starting;
mod stopping;
