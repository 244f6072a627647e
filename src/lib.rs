//! Rustboot: an embeddable framework for production services in Rust.
//!
//! Add one dependency, write handlers, and get layered configuration, wired components, health and metrics endpoints,
//! structured logs, and a start and stop that lose no request.
//!
//! ```no_run
//! use rustboot::prelude::*;
//!
//! #[rustboot::app]
//! async fn main() {}
//!
//! #[get("/hello/{name}")]
//! async fn hello(Path(name): Path<String>) -> String {
//!     format!("Hello, {name}!")
//! }
//! ```
//!
//! It stands on tokio, axum, sqlx, tracing and metrics, and hides none of them: any axum router, tower layer, sqlx query or
//! tracing subscriber that you already have goes on working. It is not an ORM, not a template engine, and not a runtime of
//! its own.
//!
//! # Features
//!
//! | feature | default | what |
//! |---|---|---|
//! | `web` | yes | listener, routes, request pipeline, management endpoints |
//! | `observe` | yes | logs and metrics |
//! | `validate` | with `web` | [garde](https://docs.rs/garde) rules on configuration and input |
//! | `cron` | | cron expressions in `#[scheduled]` |
//! | `systemd` | | tells systemd of start and stop, feeds its watchdog, and takes the sockets that it has opened |
//! | `disk` | yes | the health check `disk` |
//! | `sqlite` | | `SqliteDb`: a pool, migrations, health; `Tx`, the transaction of a request |
//! | `postgres` | | `PgDb`: the same on PostgreSQL, with replicas |
//! | `mysql` | | `MySqlDb`: the same on MySQL and MariaDB |
//! | `cache` | | `Cache` and `#[cached]`: values that took time to make, kept for a while; each key is loaded once at a time |
//! | `redis` | | `Redis`: one server, Sentinel or Cluster; everyday commands on one connection, a pool for the others |
//! | `pubsub` | with `redis` | `PubSub`: what one replica says, all of them hear; without Redis, within this process |
//! | `lock` | with `redis` | `Lock`: one of all replicas at a time; without Redis, one in this process |
//! | `tls` | | TLS of the listener (`server.tls`), to databases (`sslmode` in the URL) and to Redis (`rediss://`) |
//! | `static-files` | | the files of a directory (`server.static_files`), for what no route answers |
//! | `ws` | | `WebSocketUpgrade`: WebSockets with a heartbeat, limits and a drain |
//! | `multipart` | | `Multipart`: forms with files, read piece by piece, with limits |
//! | `compression` | | answers in gzip (`server.compression`) |
//! | `openapi` | | `/openapi.json` and `app openapi`: the OpenAPI 3.1 document, from the handlers |
//! | `vault` | | secrets from HashiCorp Vault (KV v2) |
//! | `dev-services` | | PostgreSQL and Redis are started in the profile `dev` when something needs them and no URL is set |
//! | `testing` | | `#[rustboot::test]`: an application in a test, with databases of its own; for dev-dependencies |
//!
//! # Where to look
//!
//! `docs/` of the repository has the guide, which begins with `docs/guide/getting-started.md`; `docs/ARCHITECTURE.md` walks
//! through a start, a request and a stop. `examples/quickstart` is a complete service.

// The macros name everything as `::rustboot`; in our own tests and examples that is this crate.
extern crate self as rustboot;

mod app;
mod cron;
mod described;
#[cfg(doctest)]
mod guide;
mod macros;
pub mod prelude;
#[doc(hidden)]
pub mod private;
#[doc(hidden)]
pub use private as __private;

pub use app::App;
pub use macros::*;
pub use rustboot_core::app::{
    AppBuilder, AppContext, AppHandle, AppInfo, Assembly, Condition, Module, RunningApp, StartError,
};
pub use rustboot_core::config::{ByteSize, Config, Profile, SecretSource, SecretValues, Sources};
pub use rustboot_core::error::{
    Error, ErrorKind, FieldError, FieldPlace, IntoError, OrNotFound, ProblemKind, Result,
};
pub use rustboot_core::health::Health;
pub use rustboot_core::lifecycle::{Restart, Shutdown, StopReason};
pub use rustboot_core::{Inject, Secret};

/// Writing modules: components, hooks, servers, endpoints by hand.
pub use rustboot_core as core;

pub use serde_json;
pub use tokio;
pub use tracing;

#[cfg(feature = "observe")]
pub use metrics;
#[cfg(feature = "observe")]
pub use rustboot_observe as observe;

#[cfg(feature = "web")]
pub use axum;
#[cfg(feature = "validate")]
pub use garde;
#[cfg(feature = "web")]
pub use rustboot_web::{
    Authenticator, ClientIp, ErrorBody, Location, MountSettings, Path, Problem, ProblemOrigin,
    RequestId, RouteDef, RouteGroup, RouteHandler, RouteLayer, RouteSecurity, RouteSettings,
    SecurityScheme, Status, Valid, WebAppBuilder, route_handler,
};
#[cfg(feature = "openapi")]
pub use schemars;

/// Event streams. See the guide, `docs/guide/streams.md`.
#[cfg(feature = "web")]
pub mod sse {
    pub use rustboot_web::{Event, EventSender, Produced, Sse, StreamClosed, StreamOutcome};
}

/// What a route says of itself in the OpenAPI document. See the guide, `docs/guide/openapi.md`.
#[cfg(feature = "openapi")]
pub mod openapi {
    pub use rustboot_web::openapi::{Operation, OperationInput, OperationOutput, SchemaOf};
}

/// Forms with files. See the guide, `docs/guide/uploads.md`.
#[cfg(feature = "multipart")]
pub mod multipart {
    pub use rustboot_web::{Multipart, MultipartField as Field};
}

/// WebSockets. See the guide, `docs/guide/streams.md`.
#[cfg(feature = "ws")]
pub mod ws {
    pub use rustboot_web::{
        CloseCode, Message, SendError, StreamClosed, StreamOutcome, WebSocket, WebSocketReceiver,
        WebSocketSender, WebSocketUpgrade,
    };
}

#[cfg(feature = "cache")]
pub use rustboot_data::{Cache, Ttl};

/// What caches are made of. See the guide, `docs/guide/cache.md`.
#[cfg(feature = "cache")]
pub mod cache {
    pub use rustboot_data::{
        Cache, CacheConfig, CacheKey, Cacheable, CachesConfig, LoadError, Ttl,
    };
}
#[cfg(feature = "testing")]
#[doc = include_str!("../docs/macros/test.md")]
///
/// See [`TestApp`], [`TestAppBuilder`].
pub use rustboot_macros::test;
/// Testing an application. See the guide, `docs/guide/testing.md`.
#[cfg(feature = "testing")]
pub mod testing {
    pub use rustboot_test::{
        LogLine, Logs, Metrics, Problem, TestApp, TestAppBuilder, TestArgument, TestRequest,
        TestResponse, Verdict,
    };
}
#[cfg(feature = "testing")]
pub use rustboot_test::{TestApp, TestAppBuilder};

/// What a subscription of [`PubSub`] gives.
#[cfg(feature = "pubsub")]
pub mod pubsub {
    pub use rustboot_data::{Message, Missed, Subscription};
}

#[cfg(feature = "redis")]
pub use redis;
#[cfg(feature = "mysql")]
pub use rustboot_data::MySqlDb;
#[cfg(feature = "postgres")]
pub use rustboot_data::PgDb;
#[cfg(feature = "pubsub")]
pub use rustboot_data::PubSub;
#[cfg(feature = "sqlite")]
pub use rustboot_data::SqliteDb;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
pub use rustboot_data::Tx;
#[cfg(feature = "lock")]
pub use rustboot_data::{Lock, LockGuard};
#[cfg(feature = "redis")]
pub use rustboot_data::{Redis, RedisConnection};
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
pub use sqlx;
