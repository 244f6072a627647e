//! The sections of the configuration: one with secrets in every shape, one that tells the service how to misbehave.

use std::time::Duration;

use rustboot::prelude::*;

/// A section as an application has it.
#[config(prefix = "shop")]
#[derive(Debug)]
pub(crate) struct Shop {
    /// ISO 4217.
    #[config(default = "EUR")]
    pub(crate) currency: String,
    /// How long goods are held for a customer.
    #[config(default = "30s")]
    pub(crate) hold: Duration,
    /// What is accepted.
    #[config(default = ["card", "cash"])]
    pub(crate) payments: Vec<String>,
    /// Required, and secret.
    pub(crate) api_key: Secret<String>,
    /// A secret that is not text.
    pub(crate) pin: Option<Secret<u32>>,
    /// Several secrets.
    #[config(default)]
    pub(crate) partners: Vec<Secret<String>>,
    /// Secret by its name alone.
    pub(crate) signing_key: Option<String>,
    /// A URL, with credentials more often than not.
    pub(crate) webhook: Option<String>,
}

/// How this service misbehaves.
#[config(prefix = "conformance")]
#[derive(Debug)]
pub(crate) struct Conformance {
    /// The file that the hooks, tasks and handlers write a line to; none by default.
    pub(crate) journal: Option<String>,
    /// Whether the start hook fails.
    #[config(default = false)]
    pub(crate) fail_start: bool,
    /// How long the start hook takes.
    #[config(default = "0s")]
    pub(crate) start_takes: Duration,
    /// How long a run of the task `long_run` takes; zero for not at all.
    #[config(default = "0s")]
    pub(crate) run_takes: Duration,
    /// Whether the task `unlucky` fails.
    #[config(default = false)]
    pub(crate) task_fails: bool,
    /// A file of secrets that the service has a source of its own for; none by default.
    pub(crate) store: Option<String>,
    /// Whether anybody enforces what the routes demand.
    #[config(default = true)]
    pub(crate) authenticator: bool,
    /// The path of one route more; none by default.
    pub(crate) route: Option<String>,
    /// Whether there is a router with an answer of its own to every path, and a layer around all routers.
    #[config(default = false)]
    pub(crate) catch_all: bool,
    /// The shape of error responses: that of one of the systems in `shapes.rs`, or the standard one.
    pub(crate) error_shape: Option<crate::shapes::Shape>,
    /// What the health indicator says.
    #[config(default = "up")]
    pub(crate) stock: StockLevel,
}

/// A state of the health indicator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum StockLevel {
    Up,
    Down,
}
