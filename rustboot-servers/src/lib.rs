//! Starts real servers, PostgreSQL, Redis and MariaDB, from the programs that are installed, and ends them with the process
//! that started them.
//!
//! A crate of its own, since test kits and dev services need it and production binaries must not carry it. It knows no
//! SQL client and no Redis client: what it hands out is a URL.
//!
//! ```no_run
//! use rustboot_servers::Postgres;
//!
//! let postgres = Postgres::start()?;
//! let url = postgres.create_database("orders")?; // postgres://postgres:…@127.0.0.1:23456/orders
//! postgres.pause()?; // clients connect, and hear nothing
//! postgres.resume()?;
//! postgres.kill()?; // as if the machine was gone
//! postgres.restart()?; // same port, same data
//! # Ok::<(), rustboot_servers::ServerError>(())
//! ```
//!
//! # What it promises
//!
//! - **Nothing is left.** Each server has a small shell process beside it, its keeper, that holds a pipe to this process.
//!   When the pipe closes, and it does even after a SIGKILL, the keeper ends the server and removes its directory. A service under
//!   test, which is no server, ends the same way with a [`Warden`].
//! - **Nothing collides.** Each server has its own directory, a port that was free, and a password of its own, so that any
//!   number of test runs go side by side, and other users of the machine cannot get in.
//! - **Root is no problem.** PostgreSQL refuses to run as root; servers that root starts run as `postgres`, `redis` or
//!   `mysql`, else as `nobody`.
//! - **Nothing is skipped.** A program that is not installed is an error that says what to install.
//! - **The network may fail.** A [`Proxy`] before a server swallows what passes, which no signal to the server can do.
//! - **Docker will do.** [`PostgresOptions::image`] and [`RedisOptions::image`] run the server in a container of a Docker engine
//!   instead. It can be stopped and restarted, not killed or paused.
//!
//! It needs a Unix with a POSIX shell. Calls block for as long as a server takes to start or stop, up to a minute: in async
//! code use `spawn_blocking`, or start servers before the runtime.

mod client;
mod container;
mod error;
mod keeper;
mod mariadb;
mod outside;
mod password;
mod port;
mod postgres;
mod process_tree;
mod program;
mod proxy;
mod redis;
mod server;
mod shared;
mod user;
mod warden;

pub use error::ServerError;
pub use mariadb::{MariaDb, MariaDbOptions};
pub use postgres::{Postgres, PostgresOptions};
pub use proxy::{Proxy, Towards};
pub use redis::{Redis, RedisOptions};
pub use warden::Warden;
