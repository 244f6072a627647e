//! The attribute macros, with their documentation. Each has a plain function or struct underneath, which it names.

#[doc = include_str!("../docs/macros/app.md")]
pub use rustboot_macros::app;

#[doc = include_str!("../docs/macros/component.md")]
pub use rustboot_macros::component;

#[doc = include_str!("../docs/macros/config.md")]
pub use rustboot_macros::config;

#[doc = include_str!("../docs/macros/scheduled.md")]
pub use rustboot_macros::scheduled;

#[doc = include_str!("../docs/macros/task.md")]
pub use rustboot_macros::task;

#[doc = include_str!("../docs/macros/hooks.md")]
pub use rustboot_macros::{on_start, on_stop};

#[doc = include_str!("../docs/macros/health.md")]
pub use rustboot_macros::health;

#[cfg(feature = "web")]
#[doc = include_str!("../docs/macros/routes.md")]
pub use rustboot_macros::{delete, get, head, options, patch, post, put, route};

#[cfg(feature = "web")]
#[doc = include_str!("../docs/macros/problem.md")]
pub use rustboot_macros::Problem;
