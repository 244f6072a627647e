//! What the macros accept compiles without a warning, and its definitions say what was written. None of it is started: `macros`,
//! `wiring` and `kit` do that. What they refuse is in `tests/ui`.
//!
//! Here and not there, since trybuild would compile each dependency anew, and to the end, to link these.
#![allow(
    dead_code,
    reason = "what a macro is written on is described, not called"
)]
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on should say where"
)]

mod app;
#[cfg(feature = "cache")]
mod cached;
mod component_factories;
mod component_traits;
mod config;
mod group;
mod health;
mod hook;
mod problem;
mod route_handlers;
mod route_settings;
mod scheduled;
#[cfg(feature = "cron")]
mod scheduled_cron;
mod task;
