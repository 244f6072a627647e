//! How an integration is written: those of the framework, and those of others.

use crate::app::AppBuilder;
use crate::command::Command;
use crate::component::BoxFuture;
use crate::error::Result;

/// An integration.
///
/// `configure` reads its configuration ([`AppBuilder::config`]), says whether it is active and why
/// ([`AppBuilder::active`], [`AppBuilder::inactive`]), and registers what it brings: components, hooks, health, endpoints,
/// servers, commands. It opens nothing: that is what components are for, which are built once everything has been checked.
///
/// ```
/// use rustboot_core::{AppBuilder, Module, Result};
///
/// struct Greeting;
///
/// impl Module for Greeting {
///     fn name(&self) -> &str {
///         "greeting"
///     }
///
///     async fn configure(&self, app: &mut AppBuilder) -> Result<()> {
///         app.provide("hello".to_owned()).active("always");
///         Ok(())
///     }
/// }
/// ```
pub trait Module: Send + Sync + 'static {
    /// What it is called in `/conditions` and in errors.
    fn name(&self) -> &str;

    /// Registers what the module brings.
    ///
    /// # Errors
    /// Whatever keeps the module from working. Problems of its configuration are collected by the builder; pass them on
    /// with `?`.
    fn configure(&self, app: &mut AppBuilder) -> impl Future<Output = Result<()>> + Send;

    /// Registers the stores of secrets that it brings ([`AppBuilder::secret_source`]). Called for every module before any
    /// is configured, so that every section sees what they have; the sections that a source is itself configured by are read
    /// from files, variables and arguments alone.
    ///
    /// # Errors
    /// As for [`Module::configure`].
    fn secret_sources(&self, app: &mut AppBuilder) -> Result<()> {
        let _ = app;
        Ok(())
    }

    /// Commands that it brings. Asked before there is any configuration, so that `help` can list them whatever state that is in:
    /// those of the modules that are there by then, and not of those which `main` adds.
    fn commands(&self) -> Vec<Command> {
        Vec::new()
    }

    /// Called once every module has been configured, in the same order: for what has to see what the others brought.
    ///
    /// # Errors
    /// As for [`Module::configure`].
    fn finish(&self, app: &mut AppBuilder) -> Result<()> {
        let _ = app;
        Ok(())
    }
}

/// Whether a module is active, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The module.
    pub module: String,
    /// Whether it does anything.
    pub active: bool,
    /// Why, in a few words.
    pub reason: String,
}

/// [`Module`] behind a pointer: an `async fn` in a trait cannot be called through `dyn`.
pub(crate) trait ErasedModule: Send + Sync {
    fn name(&self) -> &str;
    fn configure<'a>(&'a self, app: &'a mut AppBuilder) -> BoxFuture<'a, Result<()>>;
    fn secret_sources(&self, app: &mut AppBuilder) -> Result<()>;
    fn commands(&self) -> Vec<Command>;
    fn finish(&self, app: &mut AppBuilder) -> Result<()>;
}

impl<M: Module> ErasedModule for M {
    fn name(&self) -> &str {
        Module::name(self)
    }

    fn configure<'a>(&'a self, app: &'a mut AppBuilder) -> BoxFuture<'a, Result<()>> {
        Box::pin(Module::configure(self, app))
    }

    fn secret_sources(&self, app: &mut AppBuilder) -> Result<()> {
        Module::secret_sources(self, app)
    }

    fn commands(&self) -> Vec<Command> {
        Module::commands(self)
    }

    fn finish(&self, app: &mut AppBuilder) -> Result<()> {
        Module::finish(self, app)
    }
}
