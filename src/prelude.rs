//! What a service needs in almost every file. No names of the standard library.

pub use crate::macros::*;
pub use crate::{
    AppBuilder, AppContext, AppHandle, Config, Error, Health, Inject, Module, OrNotFound as _,
    Result, Secret, Shutdown,
};

#[cfg(feature = "multipart")]
pub use crate::multipart::Multipart;
#[cfg(feature = "web")]
pub use crate::sse::Sse;
#[cfg(feature = "ws")]
pub use crate::ws::{WebSocket, WebSocketUpgrade};
#[cfg(feature = "web")]
pub use crate::{ClientIp, Location, Path, RequestId, Status, Valid, WebAppBuilder as _};
#[cfg(feature = "web")]
pub use axum::extract::{Form, Query, State};
#[cfg(feature = "web")]
pub use axum::http::{HeaderMap, StatusCode, header};
#[cfg(feature = "web")]
pub use axum::response::{Html, IntoResponse, Redirect, Response};
#[cfg(feature = "web")]
pub use axum::{Extension, Json};

#[cfg(feature = "cache")]
pub use crate::{Cache, Ttl};
#[cfg(feature = "testing")]
pub use crate::{TestApp, TestAppBuilder};

#[cfg(feature = "mysql")]
pub use crate::MySqlDb;
#[cfg(feature = "postgres")]
pub use crate::PgDb;
#[cfg(feature = "pubsub")]
pub use crate::PubSub;
#[cfg(feature = "sqlite")]
pub use crate::SqliteDb;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
pub use crate::Tx;
#[cfg(feature = "lock")]
pub use crate::{Lock, LockGuard};
#[cfg(feature = "redis")]
pub use crate::{Redis, redis::AsyncCommands as _};
