//! The test kit: a whole application inside of a test, with the wiring of production, on a free port, with databases that
//! nobody else has.
//!
//! A crate of its own, and behind the feature `testing` of the facade, because it starts servers and talks HTTP as a client, which no
//! production binary should carry. Applications use it as `#[rustboot::test]`; the guide is `docs/guide/testing.md`.
//!
//! | module | what |
//! |---|---|
//! | `run` | what `#[rustboot::test]` expands to: runtime, limit, stop |
//! | `declared`, `verdict` | which application a test is about; what a test function may return |
//! | `builder`, `app` | [`TestAppBuilder`] and [`TestApp`] |
//! | `client` | requests and what is said about their answers |
//! | `logs`, `metrics` | what the test's applications logged and measured |
//! | `services` | a fresh database, and a part of a Redis, for each application |
//! | `clock` | time that stands still |
//!
//! What goes wrong in a test is a panic that says so: the methods here return no `Result` unless the failure itself may be
//! what a test is about.

mod app;
mod builder;
mod client;
mod clock;
mod declared;
mod logs;
mod metrics;
mod run;
mod services;
mod verdict;

pub use app::TestApp;
pub use builder::TestAppBuilder;
pub use client::{Problem, TestRequest, TestResponse};
pub use declared::{Facade, MakeApp, TestDef};
pub use logs::{LogLine, Logs};
pub use metrics::Metrics;
pub use run::{TestArgument, run};
pub use verdict::Verdict;
