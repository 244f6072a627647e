//! The heart of Rustboot: configuration, components, lifecycle, health, tasks and commands.
//!
//! Applications use the `rustboot` crate. This one is for the authors of integrations, who need nothing else: a
//! [`Module`] registers components, hooks, health indicators, endpoints and servers with the [`AppBuilder`]. It knows no
//! HTTP and no SQL; what rustboot-web and rustboot-data tell each other goes through here.
//!
//! | module | what |
//! |---|---|
//! | [`app`] | builder, assembly, running application, exit codes |
//! | [`config`] | layers, binding, origins |
//! | [`component`] | the graph of components and their construction |
//! | [`lifecycle`] | start and stop, hooks, servers, background tasks |
//! | [`schedule`] | tasks that run again and again |
//! | [`health`], [`management`] | indicators, and the endpoints that show them |
//! | [`command`] | what `app check`, `app config` and the others do |
//! | [`finish`] | what ends with the answer of a request: a transaction |
//! | [`error`], [`report`] | one error at run time; all problems together at start |

// `macro` crates name things by path; this lets the same path work in here.
extern crate self as rustboot_core;

pub mod app;
pub mod command;
pub mod component;
pub mod config;
pub mod error;
#[doc(hidden)]
pub mod expansion;
#[cfg(feature = "axum")]
pub mod extract;
pub mod finish;
pub mod health;
pub mod lifecycle;
pub mod management;
pub mod report;
pub mod schedule;
mod secret;
pub mod source;

pub use app::{AppBuilder, AppContext, AppHandle, AppInfo, Module};
pub use component::Inject;
pub use config::{ByteSize, Config};
pub use error::{Error, ErrorKind, OrNotFound, Result};
pub use lifecycle::Shutdown;
pub use secret::Secret;
