//! Compiles every Rust block of the README and the guide. Nothing else is here.

#[doc = include_str!("../README.md")]
struct Readme;

#[doc = include_str!("../docs/ARCHITECTURE.md")]
struct Architecture;

#[cfg(all(feature = "web", feature = "testing"))]
#[doc = include_str!("../docs/guide/getting-started.md")]
struct GettingStarted;

#[doc = include_str!("../docs/guide/commands.md")]
struct Commands;

#[doc = include_str!("../docs/guide/features.md")]
struct Features;

#[doc = include_str!("../docs/guide/modules.md")]
struct Modules;

#[doc = include_str!("../docs/guide/configuration.md")]
struct Configuration;

#[doc = include_str!("../docs/guide/secrets.md")]
struct Secrets;

#[doc = include_str!("../docs/guide/components.md")]
struct Components;

#[doc = include_str!("../docs/guide/lifecycle.md")]
struct Lifecycle;

#[doc = include_str!("../docs/guide/listener.md")]
struct Listener;

#[doc = include_str!("../docs/guide/routes.md")]
struct Routes;

#[cfg(all(feature = "multipart", feature = "openapi"))]
#[doc = include_str!("../docs/guide/uploads.md")]
struct Uploads;

#[doc = include_str!("../docs/guide/static-files.md")]
struct StaticFiles;

#[doc = include_str!("../docs/guide/cors.md")]
struct Cors;

#[cfg(feature = "web")]
#[doc = include_str!("../docs/guide/compression.md")]
struct Compression;

#[cfg(feature = "web")]
#[doc = include_str!("../docs/guide/errors.md")]
struct Errors;

#[doc = include_str!("../docs/guide/health.md")]
struct Health;

#[cfg(feature = "web")]
#[doc = include_str!("../docs/guide/observability.md")]
struct Observability;

#[cfg(feature = "postgres")]
#[doc = include_str!("../docs/guide/databases.md")]
struct Databases;

#[cfg(feature = "sqlite")]
#[doc = include_str!("../docs/guide/sqlite.md")]
struct Sqlite;

#[cfg(feature = "postgres")]
#[doc = include_str!("../docs/guide/dev-services.md")]
struct DevServices;

#[cfg(all(feature = "testing", feature = "postgres"))]
#[doc = include_str!("../docs/guide/testing.md")]
struct Testing;

#[cfg(feature = "ws")]
#[doc = include_str!("../docs/guide/streams.md")]
struct Streams;

#[cfg(all(feature = "cache", feature = "web"))]
#[doc = include_str!("../docs/guide/cache.md")]
struct Cache;
#[cfg(feature = "redis")]
#[doc = include_str!("../docs/guide/redis.md")]
struct Redis;

#[cfg(all(feature = "lock", feature = "postgres"))]
#[doc = include_str!("../docs/guide/locks.md")]
struct Locks;

#[cfg(feature = "postgres")]
#[doc = include_str!("../docs/guide/scheduling.md")]
struct Scheduling;

#[cfg(all(feature = "pubsub", feature = "ws"))]
#[doc = include_str!("../docs/guide/pubsub.md")]
struct PubSub;

#[cfg(feature = "openapi")]
#[doc = include_str!("../docs/guide/openapi.md")]
struct OpenApi;
