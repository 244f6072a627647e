//! What a client, a shell and a platform see of a Rustboot application: the binary `service` is started as a process, and
//! everything is asked for through sockets, signals, files and exit codes.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "the harness runs only in tests, where a panic is the report"
)]

mod exposition;
mod frames;
mod harness;
mod http;

mod abandoned;
mod access_log;
mod activation;
mod cache;
mod commands;
mod compression;
mod cors;
mod docs_page;
mod groups;
mod h2c;
mod hostile;
mod keep_alive;
mod limits;
mod lingering;
mod load;
mod management;
mod metrics;
mod openapi;
mod origins;
mod own_errors;
mod pairs;
mod problems;
mod rejections;
mod reports;
mod requests;
mod returned;
mod routes;
mod schema;
mod secrets;
mod starting;
mod static_files;
mod stopping;
mod streams;
mod tls;
mod unix_socket;
mod uploads;
