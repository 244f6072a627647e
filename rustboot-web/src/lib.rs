//! HTTP for Rustboot: the listener, the routes, the request pipeline, problem details, and the management endpoints.
//!
//! Applications use the `rustboot` crate. The way of a request:
//!
//! ```text
//! accept loop ── connection ── pipeline ─┬─ attribute route: matched and called here
//!  [`listener`]                [`pipeline`] ├─ management endpoint
//!                                        └─ axum router that the user mounted, then a file of a directory
//! ```
//!
//! It depends on rustboot-core and rustboot-observe, and knows nothing of SQL: what a database error means to a client, it
//! asks the application ([`AppContext::classify`](rustboot_core::AppContext::classify)).

mod builder;
mod client_ip;
mod command;
mod compression;
mod config;
mod cors;
mod extract;
mod listener;
mod module;
mod negotiation;
#[cfg(feature = "openapi")]
pub mod openapi;
mod origin;
mod pipeline;
mod pointer;
mod problem;
mod reply;
mod route;
mod static_files;
mod stream;

pub use axum::response::sse::Event;
pub use builder::WebAppBuilder;
pub use client_ip::{ClientIp, ForwardedHeader, Network};
pub use compression::{CompressionConfig, MediaRange};
pub use config::{ManagementConfig, ServerConfig};
pub use cors::CorsConfig;
#[cfg(feature = "multipart")]
pub use extract::{Field as MultipartField, Multipart, MultipartConfig};
pub use extract::{Path, RequestId, Valid};
pub use listener::SocketMode;
pub use listener::tls::{ClientAuth, TlsConfig};
pub use module::WebModule;
pub use origin::AllowedOrigin;
pub use problem::{ErrorBody, Problem, ProblemOrigin};
pub use reply::{Location, Status};
pub use route::{
    Authenticator, MountSettings, RouteDef, RouteGroup, RouteHandler, RouteLayer, RouteSecurity,
    RouteSettings, SecurityScheme, route_handler,
};
#[doc(hidden)]
pub use route::{assertions, direct};
pub use static_files::StaticFilesConfig;
pub use stream::SseConfig;
#[cfg(feature = "ws")]
pub use stream::WebSocketConfig;
pub use stream::outcome::StreamOutcome;
pub use stream::sse::{EventSender, Produced, Sse, StreamClosed};
#[cfg(feature = "ws")]
pub use stream::websocket::{
    CloseCode, Message, SendError, WebSocket, WebSocketReceiver, WebSocketSender, WebSocketUpgrade,
};
